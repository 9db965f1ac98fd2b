"""Events with named places outside, averaged over windows as those between pods are.

Only the pod's own node sees them, so a window in which that node's observer was blind says nothing
of them, and none is both-ended. They move nothing: whoever plans leaves them aside (`anchors`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from shorthaul.traffic.graphs import Vertex
from shorthaul.traffic.observations import AnchorSum
from shorthaul.units import NodeName

Ends = tuple[Vertex, Vertex]
_NEGLIGIBLE_SHARE = 1e-9


class AnchoredWindow(Protocol):
    """What is asked of a window."""

    @property
    def seconds(self) -> int:
        """How long it is."""
        ...

    @property
    def anchored(self) -> Mapping[Ends, AnchorSum]:
        """Events with places, by client and server."""
        ...

    @property
    def blind(self) -> frozenset[NodeName]:
        """Nodes that it says nothing of."""
        ...


@dataclass(frozen=True, slots=True)
class Averaged:
    """Events over the whole stretch, and those of them that were not seen lately."""

    fresh: tuple[AnchorSum, ...] = ()
    stale: tuple[AnchorSum, ...] = ()


@dataclass(slots=True)
class _Total:
    forward: list[float] = field(default_factory=list)
    backward: list[float] = field(default_factory=list)
    spoken: list[float] = field(default_factory=list)


def averages(
    windows: Sequence[AnchoredWindow],
    weights: Sequence[float],
    stale_windows: int,
    owners: Callable[[Ends], Ends],
) -> Averaged:
    """The weighted average of windows, oldest first; windows blind to an edge are left out of it.

    Seen lately is also an edge of whose pod's workload another pod was.
    """
    reporters = _reporters(windows)
    totals = {ends: _total(each, windows, weights) for ends, each in reporters.items()}
    seconds = sum(window.seconds for window in windows)
    whole = math.fsum(w * each.seconds for w, each in zip(weights, windows, strict=True))
    newest = windows[-stale_windows:]
    talking = {owners(ends) for window in newest for ends in window.anchored}
    fresh: list[AnchorSum] = []
    stale: list[AnchorSum] = []
    for ends, total in totals.items():
        spoken = math.fsum(total.spoken)
        if spoken <= _NEGLIGIBLE_SHARE * whole:
            continue
        each = replace(
            reporters[ends],
            forward=math.fsum(total.forward) * seconds / spoken,
            backward=math.fsum(total.backward) * seconds / spoken,
        )
        told = any(not each.observers & window.blind for window in newest)
        (fresh if told and owners(ends) in talking else stale).append(each)
    return Averaged(tuple(fresh), tuple(stale))


def _reporters(windows: Sequence[AnchoredWindow]) -> dict[Ends, AnchorSum]:
    """Every edge, with all the nodes that reported it in any window; in an order of their own."""
    found: dict[Ends, AnchorSum] = {}
    for window in windows:
        for ends, each in window.anchored.items():
            known = found.get(ends, each)
            found[ends] = replace(known, observers=known.observers | each.observers)
    return {ends: found[ends] for ends in sorted(found, key=repr)}


def _total(
    reporter: AnchorSum, windows: Sequence[AnchoredWindow], weights: Sequence[float]
) -> _Total:
    total = _Total()
    for weight, window in zip(weights, windows, strict=True):
        if reporter.observers & window.blind:
            continue
        total.spoken.append(weight * window.seconds)
        each = window.anchored.get((reporter.client, reporter.server))
        if each is not None:
            total.forward.append(weight * each.forward)
            total.backward.append(weight * each.backward)
    return total
