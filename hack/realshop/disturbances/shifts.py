"""Another pair becomes hot: pods move for it, once, and nothing goes back and forth."""

from __future__ import annotations

from collections.abc import Iterator

from realshop import deployments, leasts
from realshop.disturbances import changes, evictions, findings, stages

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
    yield findings.none(
        f"evictions in {stage.times.quiet:.0f} s after the last move", _late(stage, since)
    )


def closed(stage: stages.Stage, before: float) -> findings.Check:
    """Expect most of what can be saved between racks, by the exact solver's word, to be saved."""
    after = stage.crossing()
    least = leasts.least(stage.shop, deployments.dump(stage.cluster)).least
    share = (before - after) / (before - least) if before > least else 0.0
    told = f"{before / 1000:.0f} to {after / 1000:.0f} kB/s, least {least / 1000:.0f}"
    return findings.at_least(f"of the bytes that can be saved ({told})", LEAST_CLOSED, share)


def _late(stage: stages.Stage, since: float) -> int:
    """Return the evictions of the stretch that ends now and in which all was quiet."""
    seen = stage.evictions.since(since)
    return len(seen) - len([one for one in seen if one.seconds <= _last_landed(stage, since)])


def _last_landed(stage: stages.Stage, since: float) -> float:
    ended = (move["status"].get("finishedAt") for move in stage.moves_since(since))
    return max((evictions.moment(text) for text in ended if text), default=since)
