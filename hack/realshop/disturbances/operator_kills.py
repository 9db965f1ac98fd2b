"""The operator is killed at random points while it plans and moves: nothing is evicted twice."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from realshop.disturbances import evictions, findings, stages, victims
from testbed import progress

ROLE = "operator"
KILLS = 4
PLANNING_SECONDS = (5.0, 25.0)
MOVING_SECONDS = (0.0, 12.0)
BACK_SECONDS = 150.0
MOST_SHARE = 0.3


def run(stage: stages.Stage) -> Iterator[findings.Check]:
    """Kill it once while it plans, then while moves are in flight, as long as there are any."""
    dice = random.Random(stage.origin.seed)
    stages.scatter(stage)
    before = stage.crossing()
    stage.watcher.breaches.clear()
    since = stages.set_policy(stage)
    time.sleep(dice.uniform(*PLANNING_SECONDS))
    kills, in_flight = _kill(stage), 0
    known: dict[str, str] = {}
    for _ in range(KILLS - 1):
        if not _has_come_further(stage, since, known):
            break
        time.sleep(dice.uniform(*MOVING_SECONDS))
        known = _phases(stage)
        phases = [stages.phase(move) for move in stages.in_flight(stage)]
        killed = _kill(stage)
        kills, in_flight = kills + killed, in_flight + bool(phases and killed)
        progress.say(f"killed the operator with moves {', '.join(phases) or 'at an end'}")
        _await_back(stage)
    stages.rest(stage, since)
    stages.whole(stage)
    seen = stage.evictions.since(since)
    share = stage.crossing() / before
    yield findings.at_least("times killed", 3, kills)
    yield findings.at_least("of these with moves in flight", 1, in_flight)
    yield findings.at_most("bytes between racks, of before", MOST_SHARE, share)
    yield findings.at_least("evictions", 1, len(seen))
    yield findings.none(
        "evictions twice, or without a move", len(evictions.double(seen, stage.moves()))
    )
    yield findings.none("times a budget had too few ready pods", len(stage.watcher.breaches))


def _kill(stage: stages.Stage) -> int:
    return victims.kill(victims.running(stage.cluster, ROLE))


def _has_come_further(stage: stages.Stage, since: float, known: dict[str, str]) -> bool:
    """Wait until moves are in flight and not where they were; tell whether there are any still."""

    def over() -> bool:
        return bool(stage.evictions.since(since)) and stages.idle(stage)

    def further() -> bool:
        return bool(stages.in_flight(stage)) and _phases(stage) != known

    stages.until(stage, lambda: further() or over(), stage.times.settling, "moves to come further")
    return not over()


def _phases(stage: stages.Stage) -> dict[str, str]:
    return {move["metadata"]["name"]: stages.phase(move) for move in stage.moves()}


def _await_back(stage: stages.Stage) -> None:
    stage.cluster.client.wait_for(
        lambda: victims.running(stage.cluster, ROLE),
        timeout_seconds=BACK_SECONDS,
        what="the operator to be started again",
    )
