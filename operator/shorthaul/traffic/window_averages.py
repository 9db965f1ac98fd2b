"""Events over windows become rates: of pairs of pods, and of pods with named places outside.

A window says nothing of what a node reports that was blind in it. Places outside are seen by the
pod's own node alone; all else is the same for both.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from shorthaul.traffic.graphs import Vertex
from shorthaul.traffic.observations import AnchorSum, PairSum
from shorthaul.units import NodeName

Ends = tuple[Vertex, Vertex]
_NEGLIGIBLE_SHARE = 1e-9
_Key = TypeVar("_Key", bound=Ends)
_Sum = TypeVar("_Sum", PairSum, AnchorSum)


@dataclass(frozen=True, slots=True)
class Told(Generic[_Key, _Sum]):
    """What one window says of one kind of ends, and the nodes that it says nothing of."""

    seconds: int
    blind: frozenset[NodeName]
    sums: Mapping[_Key, _Sum]


def averages(
    windows: Sequence[Told[_Key, _Sum]],
    weights: Sequence[float],
    ordered: Callable[[Iterable[_Key]], Sequence[_Key]],
) -> tuple[_Sum, ...]:
    """Each one's weighted rate, as events over the whole stretch; windows blind to it are left out.

    Linear in the ends of all windows.
    """
    reporters = _reporters(windows)
    seconds = float(sum(window.seconds for window in windows))
    whole = math.fsum(w * window.seconds for w, window in zip(weights, windows, strict=True))
    totals: dict[_Key, list[float]] = {key: [0.0, 0.0, whole] for key in ordered(reporters)}
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
        if spoken > _NEGLIGIBLE_SHARE * whole
    )


def split_stale(
    found: Sequence[_Sum],
    newest: Sequence[Told[_Key, _Sum]],
    owners: Callable[[Ends], Ends],
) -> tuple[list[_Sum], list[_Sum]]:
    """Seen is also a pair of whose ends' workloads another was; unknown ends stand alone."""
    seen: set[Ends] = {key for window in newest for key in window.sums}
    replaced = any((each.client, each.server) not in seen for each in found)
    talking = {owners(key) for key in seen} if replaced else set[Ends]()
    fresh: list[_Sum] = []
    stale: list[_Sum] = []
    for each in found:
        key = (each.client, each.server)
        told = any(not each.observers & window.blind for window in newest)
        known = told and (key in seen or owners(key) in talking)
        (fresh if known else stale).append(each)
    return fresh, stale


def _seen(window: Told[_Key, _Sum], reporters: Mapping[_Key, _Sum]) -> Mapping[_Key, _Sum]:
    if not window.blind:
        return window.sums
    return {
        key: each
        for key, each in window.sums.items()
        if not reporters[key].observers & window.blind
    }


def _reporters(windows: Sequence[Told[_Key, _Sum]]) -> dict[_Key, _Sum]:
    """All ends, with all the nodes that reported them in any window."""
    found: dict[_Key, _Sum] = {}
    for window in windows:
        for key, each in window.sums.items():
            known = found.get(key)
            if known is None:
                found[key] = each
            elif not each.observers <= known.observers:
                found[key] = known.also_seen(each)
    return found
