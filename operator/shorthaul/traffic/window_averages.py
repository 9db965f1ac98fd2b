"""Events over windows become rates: here those of pods with named places outside.

A window says nothing of what a node reports that was blind in it. Places outside are seen by the
pod's own node alone; all else is the same for pairs of pods (`pair_averages`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from shorthaul.traffic.graphs import Vertex
from shorthaul.traffic.observations import AnchorSum
from shorthaul.units import NodeName

Ends = tuple[Vertex, Vertex]
NEGLIGIBLE_SHARE = 1e-9
_Sums = TypeVar("_Sums")


@dataclass(frozen=True, slots=True)
class Told(Generic[_Sums]):
    """What one window says of one kind of ends, and the nodes that it says nothing of."""

    seconds: int
    blind: frozenset[NodeName]
    sums: _Sums


Anchored = Told[Mapping[Ends, AnchorSum]]


def averages(windows: Sequence[Anchored], weights: Sequence[float]) -> tuple[AnchorSum, ...]:
    """Each one's weighted rate, as events over the whole stretch; windows blind to it are left out.

    Linear in the ends of all windows.
    """
    reporters = _reporters(windows)
    seconds = float(sum(window.seconds for window in windows))
    whole = math.fsum(w * window.seconds for w, window in zip(weights, windows, strict=True))
    totals = {key: [0.0, 0.0, whole] for key in sorted(reporters, key=repr)}
    for weight, window in zip(weights, windows, strict=True):
        for key, each in _seen(window, reporters).items():
            total = totals[key]
            total[0] += weight * each.forward
            total[1] += weight * each.backward
        if window.blind:
            for key, each in reporters.items():
                if each.observers & window.blind:
                    totals[key][2] -= weight * window.seconds
    return tuple(
        replace(
            reporters[key], forward=forward * seconds / spoken, backward=backward * seconds / spoken
        )
        for key, (forward, backward, spoken) in totals.items()
        if spoken > NEGLIGIBLE_SHARE * whole
    )


def split_stale(
    found: Sequence[AnchorSum], newest: Sequence[Anchored], owner: Callable[[Vertex], Vertex]
) -> tuple[list[AnchorSum], list[AnchorSum]]:
    """Seen is also a pair of whose ends' workloads another was; unknown ends stand alone."""
    seen: set[Ends] = {key for window in newest for key in window.sums}
    replaced = any((each.client, each.server) not in seen for each in found)
    talking = {(owner(one), owner(other)) for one, other in seen} if replaced else set[Ends]()
    fresh: list[AnchorSum] = []
    stale: list[AnchorSum] = []
    for each in found:
        told = any(not each.observers & window.blind for window in newest)
        known = told and (
            (each.client, each.server) in seen
            or (owner(each.client), owner(each.server)) in talking
        )
        (fresh if known else stale).append(each)
    return fresh, stale


def _seen(window: Anchored, reporters: Mapping[Ends, AnchorSum]) -> Mapping[Ends, AnchorSum]:
    if not window.blind:
        return window.sums
    return {
        key: each
        for key, each in window.sums.items()
        if not reporters[key].observers & window.blind
    }


def _reporters(windows: Sequence[Anchored]) -> dict[Ends, AnchorSum]:
    """All ends, with all the nodes that reported them in any window."""
    found: dict[Ends, AnchorSum] = {}
    for window in windows:
        for key, each in window.sums.items():
            known = found.get(key)
            if known is None:
                found[key] = each
            elif not each.observers <= known.observers:
                found[key] = known.also_seen(each)
    return found
