"""A workload is rolled out while a plan moves its pods: they are left alone, and the plan ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from realshop import followers, shops
from realshop.disturbances import evictions, findings, stages
from testbed import progress

MOST_SHARE = 0.3
NEWS_SECONDS = 2.0
"""How long news of the rollout may take to the operator; times are told in whole seconds too."""


def run(stage: stages.Stage) -> Iterator[findings.Check]:
    """Begin a large plan, and roll out a workload that it has moves of which have not begun."""
    stages.scatter(stage)
    before = stage.crossing()
    since = stages.set_policy(stage)
    move = _await_pending(stage, since)
    name, plan = str(move["spec"]["workload"]["name"]), str(move["spec"]["plan"])
    began = time.time()
    stage.cluster.kubectl(
        *("rollout", "restart", f"deployment/{name}", f"--namespace={shops.NAMESPACE}")
    )
    progress.say(f"rolling out {name} in the middle of plan {plan}")
    stages.rolled_out(stage, name)
    ended = time.time()
    stages.until(
        stage,
        lambda: _phase_of(stage, plan) in stages.ENDED_PLANS,
        stage.times.settling,
        "the plan to come to its end",
    )
    own = [one for one in stage.moves() if _is(one, plan, name)]
    stages.rest(stage, since)
    stages.whole(stage)
    seen = stage.evictions.since(since)
    during = [
        one
        for one in seen
        if one.workload == name and began + NEWS_SECONDS <= one.seconds < int(ended)
    ]
    share = stage.crossing() / before
    yield findings.at_least("moves of the rolling workload in the plan", 1, len(own))
    yield findings.none("evictions of its pods while it rolled out", len(during))
    yield findings.one_of("the plan's end", ("Done",), _phase_of(stage, plan))
    yield findings.none(
        "evictions twice, or without a move", len(evictions.double(seen, stage.moves()))
    )
    yield findings.at_most("bytes between racks in the end, of before", MOST_SHARE, share)


def _await_pending(stage: stages.Stage, since: float) -> dict[str, Any]:
    """Wait until a plan has begun to evict; return the last of its moves to begin."""
    found: list[dict[str, Any]] = []

    def begun() -> bool:
        found[:] = _pending(stage) if stage.evictions.since(since) else []
        return bool(found)

    stages.until(stage, begun, stage.times.settling, "a plan with moves that have not begun")
    return found[-1]


def _pending(stage: stages.Stage) -> list[dict[str, Any]]:
    """Return the moves of plans under way that have not begun, the last to begin last."""
    running = {
        plan["metadata"]["name"] for plan in stage.plans() if plan["status"]["phase"] == "Executing"
    }
    found = [
        move
        for move in stage.moves()
        if move["spec"]["plan"] in running
        and (move.get("status") or {}).get("phase", "Pending") == "Pending"
    ]
    return sorted(found, key=lambda move: (move["spec"]["wave"], -move["spec"]["gain"]["value"]))


def _phase_of(stage: stages.Stage, name: str) -> str:
    return str(stage.cluster.client.get(followers.PLANS, name)["status"]["phase"])


def _is(move: dict[str, Any], plan: str, workload: str) -> bool:
    return bool(move["spec"]["plan"] == plan and move["spec"]["workload"]["name"] == workload)
