"""Hubble Relay goes as pods are about to move: nothing moves until it is back. Cilium only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from realshop import installs
from realshop.disturbances import findings, stages, victims

PROGRAM = "/hubble-relay"
DOWN_SECONDS = 90.0
MOST_SHARE = 0.5
EXPECTED = ("FlowsUncovered", "FlowsLost", "BytesStale")


def run(stage: stages.Stage) -> Iterator[findings.Check]:
    """Plan on Relay's events, and kill it again and again from before the first plan."""
    stages.scatter(stage)
    before = stage.crossing()
    stages.set_policy(stage, *sources("flows"))
    stages.until(
        stage,
        lambda: "NotYetPersistent" in stage.told(),
        stage.times.settling,
        "Shorthaul to consider moves",
    )
    down = time.time()
    kills = victims.keep_dead_as(stage.cluster, PROGRAM, DOWN_SECONDS)
    told = stage.told()
    reason = next((word for word in EXPECTED if word in told), told)
    blind = stage.evictions.since(down)
    back = time.time()
    stages.rest(stage, back)
    share = stage.crossing() / before
    yield findings.at_least("times that Relay was killed", 1, kills)
    yield findings.none(f"evictions in {back - down:.0f} s without it", len(blind))
    yield findings.one_of("why nothing moves, as the policy tells", EXPECTED, reason)
    yield findings.at_least("evictions after it is back", 1, len(stage.evictions.since(back)))
    yield findings.at_most("bytes between racks in the end, of before", MOST_SHARE, share)


def sources(objective: str, **more: Any) -> list[dict[str, Any]]:
    """Return the source of events and a policy that plans on them."""
    return [installs.relay_source(), stages.policy(objective, **more)]
