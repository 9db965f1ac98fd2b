"""Another pair becomes hot: pods move for it, once, and nothing goes back and forth."""

from __future__ import annotations

import time
from collections.abc import Iterator

from realshop import deployments, leasts
from realshop.disturbances import changes, findings, stages

LEAST_CLOSED = 0.7
SHIFT_SECONDS = 10.0


def run(stage: stages.Stage) -> Iterator[findings.Check]:
    """Heat a pair over racks, at rest, and wait until pods have moved and rest again."""
    stages.heat(stage)
    since = stages.set_policy(stage)
    before = stage.crossing(SHIFT_SECONDS)
    stages.rest(stage, since)
    stages.whole(stage)
    moves = stage.moves_since(since)
    yield findings.at_least("evictions", 1, len(stage.evictions.since(since)))
    yield closed(stage, before)
    yield findings.none(
        "workloads moved out of a rack and back",
        len(changes.back_and_forth(moves, stage.rack_of)),
    )
    yield findings.none("pods moved a second time", len(changes.moved_again(moves)))
    yield findings.at_least(
        "s without an eviction in the end",
        stage.times.quiet,
        time.time() - stage.evictions.since(since)[-1].seconds,
    )


def closed(stage: stages.Stage, before: float) -> findings.Check:
    """Expect most of what can be saved between racks, by the exact solver's word, to be saved."""
    after = stage.crossing()
    least = leasts.least(stage.shop, deployments.dump(stage.cluster)).least
    share = (before - after) / (before - least) if before > least else 0.0
    told = f"{before / 1000:.0f} to {after / 1000:.0f} kB/s, least {least / 1000:.0f}"
    return findings.at_least(f"of the bytes that can be saved ({told})", LEAST_CLOSED, share)
