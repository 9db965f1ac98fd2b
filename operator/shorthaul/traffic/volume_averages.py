"""Windows of several sources of bytes become rates per edge: averaged, reconciled, never added.

A source's rate is the decayed average over the windows that it told whole; one that is missing or
incomplete says nothing rather than zero. Of the traffic of two workloads, whoever of them asked,
only one source counts: the one that saw most of it over the horizon, then the first by name. What
the others told of it only says whether they agree. So does what the nodes of both ends told, as far
as the counting source tells them apart: summed over its windows without decay, since an older one
of them would weigh less for the end that tells later.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from shorthaul.traffic.end_sums import EndSums, add, near
from shorthaul.traffic.rate_errors import RateError, Shares
from shorthaul.traffic.volumes import Ends, PodEnds, Sent, Volume, unordered
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import PodRef, WorkloadRef


@dataclass(frozen=True, slots=True)
class Rates:
    """Bytes/s between two workloads as one source tells them, with the pods that it tells.

    `sources` are all that told of the two, the counting one first; `agree` is None where only one
    did. `seen_seconds` is the end of the newest window in which the counting one saw any of it, and
    `fresh` whether that was lately. `ends` is what both ends' nodes told of it, in the two's order.
    `errors` are those of both ways of the counting one's edges, as far as several windows tell.
    """

    edges: Mapping[Ends, tuple[float, float]]
    pods: Mapping[PodEnds, float]
    sources: tuple[str, ...]
    agree: bool | None
    fresh: bool
    seen_seconds: int
    ends: EndSums | None
    errors: Mapping[Ends, RateError]


@dataclass(slots=True)
class _Spread:
    """Sums over the windows in which an edge had any bytes, from which all windows' spread is.

    `sampling` is the variance of the weighted bytes by sampling alone.
    """

    squares: float = 0.0
    products: float = 0.0
    sampling: float = 0.0

    def add(self, sent: Sent, weight: float, seconds: int) -> None:
        self.squares += (weight * sent.bytes) ** 2
        self.products += weight**2 * sent.bytes * seconds
        self.sampling += weight**2 * sent.variance

    def about(self, rate: float, shares: float) -> float:
        """Σ(w(x - rate s))²; `shares` is Σ(ws)²."""
        return self.squares - 2 * rate * self.products + rate**2 * shares


@dataclass(slots=True)
class _Told:
    """What one source says: weighted bytes each way by edge, both ways by pair of pods.

    By two workloads it also says when it saw them last, and what both ends told in all `seconds`.
    """

    spoken: float = 0.0
    edges: dict[Ends, tuple[float, float]] = field(default_factory=dict)
    pods: dict[Ends, dict[PodEnds, float]] = field(default_factory=dict)
    seen: dict[Ends, int] = field(default_factory=dict)
    fresh_from: int = 0
    seconds: int = 0
    ends: dict[Ends, EndSums] = field(default_factory=dict)
    shares: list[float] = field(default_factory=list)
    spreads: dict[Ends, _Spread] = field(default_factory=dict)

    def add(self, volume: Volume, weight: float) -> None:
        self.spoken += weight * volume.seconds
        self.seconds += volume.seconds
        self.shares.append(weight * volume.seconds)
        for ends, sent in volume.edges.items():
            self.seen[unordered(ends)] = volume.end_seconds
            forward, backward = self.edges.get(ends, (0.0, 0.0))
            self.edges[ends] = (
                forward + weight * sent.forward_bytes,
                backward + weight * sent.backward_bytes,
            )
            self.spreads.setdefault(ends, _Spread()).add(sent, weight, volume.seconds)
        for pods, sent in volume.pairs.items():
            known = _owned(pods, volume.owners)
            if known is not None:
                sums = self.pods.setdefault(unordered(known), {})
                sums[pods] = sums.get(pods, 0.0) + weight * sent.bytes

        for two, told in volume.ends.items():
            add(self.ends, two, told)

    def weight(self, edges: Iterable[Ends]) -> float:
        """Weighted bytes of some edges, both ways."""
        return sum(sum(self.edges[ends]) for ends in edges)

    def rate(self, edges: Iterable[Ends]) -> float:
        """Bytes/s of some edges, both ways."""
        return self.weight(edges) / self.spoken

    def errors(self) -> dict[Ends, RateError]:
        """Those of the rates of edges, both ways; one window alone tells what sampling did."""
        edges, whole = list(self.spreads), math.fsum(share**2 for share in self.shares)
        spread = [self.spreads[ends].about(self.rate((ends,)), whole) for ends in edges]
        shares = Shares(len(edges))
        for share in self.shares:
            shares.add(share / self.spoken)
        sampling = np.array([self.spreads[ends].sampling for ends in edges])
        found = shares.errors(np.array(spread) / self.spoken**2, sampling / self.spoken**2)
        told = zip(edges, found, strict=True)
        return {ends: error for ends, error in told if error is not None}


def average(whole: Mapping[str, Sequence[Volume]], rules: WindowRules) -> Mapping[Ends, Rates]:
    """Rates by two workloads in their order; linear in the edges of all windows.

    It takes what was told whole, as `told_whole` orders it.
    """
    newest = max((its[-1].end_seconds for its in whole.values()), default=0)
    told = {source: _of_source(its, rules, newest) for source, its in whole.items()}
    found: dict[Ends, dict[str, list[Ends]]] = {}
    for source, sums in told.items():
        for ends in sorted(sums.edges):
            found.setdefault(unordered(ends), {}).setdefault(source, []).append(ends)
    errors = {source: sums.errors() for source, sums in told.items()}
    return {
        two: _reconciled(two, by_source, told, errors) for two, by_source in sorted(found.items())
    }


def told_whole(volumes: Mapping[str, Sequence[Volume]]) -> Mapping[str, Sequence[Volume]]:
    """The complete windows of each source that has any, oldest first; sources sorted."""
    whole = {
        source: sorted((each for each in its if each.complete), key=lambda each: each.start_seconds)
        for source, its in sorted(volumes.items())
    }
    return {source: its for source, its in whole.items() if its}


def _of_source(windows: Sequence[Volume], rules: WindowRules, newest: int) -> _Told:
    """By age in time, so that a window that is left out does not make the others younger."""
    life = rules.half_life_windows * rules.window_seconds
    told = _Told()
    for window in windows:
        told.add(window, 0.5 ** ((newest - window.end_seconds) / life))
    told.fresh_from = windows[-rules.stale_windows :][0].end_seconds
    return told


def _reconciled(
    two: Ends,
    edges: Mapping[str, Sequence[Ends]],
    told: Mapping[str, _Told],
    errors: Mapping[str, Mapping[Ends, RateError]],
) -> Rates:
    ranked = sorted(edges, key=lambda source: (-told[source].weight(edges[source]), source))
    chosen = told[ranked[0]]
    rate, *others = (told[source].rate(edges[source]) for source in ranked)
    return Rates(
        edges={
            ends: (forward / chosen.spoken, backward / chosen.spoken)
            for ends in edges[ranked[0]]
            for forward, backward in [chosen.edges[ends]]
        },
        pods={
            pods: amount / chosen.spoken
            for pods, amount in sorted(chosen.pods.get(two, {}).items())
        },
        sources=tuple(ranked),
        agree=all(near(rate, other) for other in others) if others else None,
        fresh=chosen.seen[two] >= chosen.fresh_from,
        seen_seconds=chosen.seen[two],
        ends=chosen.ends[two].over(chosen.seconds) if two in chosen.ends else None,
        errors=errors[ranked[0]],
    )


def _owned(pods: PodEnds, owners: Mapping[PodRef, WorkloadRef]) -> Ends | None:
    one, other = owners.get(pods[0]), owners.get(pods[1])
    return (one, other) if one and other else None
