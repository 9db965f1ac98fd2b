"""What probers claim becomes latency between nodes, and from there one estimate for each tier.

A prober can be broken, or in somebody else's hands, so a claim alone counts nothing. Nobody can
answer a probe before it arrives, so a node can make others measure too much, never too little; and
what it claims itself, too much or too little, it claims alone. Hence:

- a pair of nodes counts when both ends measured it and agree; the larger of both counts;
- a tier's estimate is the least of the medians that are left when one node after the other is left
  out with all its pairs. With one node that lies, one of these medians is made by honest pairs
  only: the estimate is never above it, and never below the least true latency of the tier
  (Rousseeuw and Leroy, Robust Regression, 1987, on breakdown points of medians);
- a tier all of whose pairs have one node in common has no estimate.

So one node can withhold an estimate, and cannot pull it. Several that lie together can once their
pairs are half of a tier's. This assumes that nothing between two probers answers for the other one,
as a service mesh's proxy would.

What is measured by a histogram is known no better than its buckets: of a value in the first one is
known only that it is not above, and of one beyond the last that it is not below. Such values count
as the bound that they are beyond, so that medians are not made of what happened to be tellable, and
an estimate that is no better than such a bound is none. A pair one end of which is under the bound
is under it: a node can claim that too, and so withhold an estimate, but not lower it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from statistics import median_low

from shorthaul.topology.distances import Distances
from shorthaul.topology.latencies import Measured
from shorthaul.units import TIERS, NodeName, Tier

AGREEMENT_RATIO = 2.0
AGREEMENT_MILLISECONDS = 0.5

Pair = tuple[NodeName, NodeName]


@dataclass(frozen=True, slots=True)
class Sounding:
    """What one node measured to another: the least milliseconds there and back of late."""

    one: NodeName
    other: NodeName
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Resolution:
    """Between which milliseconds one latency is told from another; beyond, only that it is."""

    above: float = -inf
    below: float = inf

    def tells(self, milliseconds: float) -> bool:
        """Whether it is a latency and no bound of one."""
        return self.above < milliseconds < self.below

    def together(self, there: float, back: float) -> float | None:
        """What two measurements of one path come to; None where both cannot be true."""
        near, far = (min(max(each, self.above), self.below) for each in sorted((there, back)))
        if not agree(near, far):
            return None
        return far if near > self.above else self.above


EXACT = Resolution()


@dataclass(frozen=True, slots=True)
class Pairs:
    """Latency by pair of nodes, the lesser name first, and what did not count."""

    milliseconds: Mapping[Pair, float]
    disputed: int = 0
    one_sided: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """The latency of a tier, and how many pairs of how many nodes it is from."""

    milliseconds: float
    pairs: int
    nodes: int


def pair_up(soundings: Iterable[Sounding], resolution: Resolution = EXACT) -> Pairs:
    """The pairs that both ends agree upon; linear."""
    claims = {(each.one, each.other): each.milliseconds for each in soundings}
    found: dict[Pair, float] = {}
    disputed = one_sided = 0
    for (one, other), there in sorted(claims.items()):
        back = claims.get((other, one))
        if back is None:
            one_sided += 1
        elif one < other:
            both = resolution.together(there, back)
            if both is None:
                disputed += 1
            else:
                found[one, other] = both
    return Pairs(found, disputed, one_sided)


def agree(there: float, back: float) -> bool:
    """Whether two measurements of one path can both be true."""
    near, far = sorted((there, back))
    return far - near <= AGREEMENT_MILLISECONDS or far <= AGREEMENT_RATIO * near


def estimates(pairs: Pairs, distances: Distances) -> Mapping[Tier, Estimate]:
    """An estimate for each tier that has one; O(n log n) in pairs."""
    by_tier: dict[Tier, list[tuple[float, Pair]]] = defaultdict(list)
    for pair, milliseconds in pairs.milliseconds.items():
        known = distances.known_tier(*pair)
        if known is not None:
            by_tier[known].append((milliseconds, pair))
    found: dict[Tier, Estimate] = {}
    for tier in TIERS:
        estimate = _estimate(sorted(by_tier.get(tier, ())))
        if estimate is not None:
            found[tier] = estimate
    return found


def _estimate(ordered: Sequence[tuple[float, Pair]]) -> Estimate | None:
    """The least median without one node; None where one node is an end of each pair."""
    places: dict[NodeName, list[int]] = defaultdict(list)
    for place, (_, pair) in enumerate(ordered):
        for node in pair:
            places[node].append(place)
    least: float | None = None
    for left_out in places.values():
        remaining = len(ordered) - len(left_out)
        if remaining == 0:
            return None
        median = ordered[_place((remaining - 1) // 2, left_out)][0]
        least = median if least is None else min(least, median)
    return None if least is None else Estimate(least, len(ordered), len(places))


def _place(rank: int, left_out: Sequence[int]) -> int:
    """Where the value of a rank is, among all, when some places (rising) do not count."""
    for each in left_out:
        if each > rank:
            break
        rank += 1
    return rank


def told(pairs: Pairs, distances: Distances, most: int) -> tuple[Measured, ...]:
    """What a reader is shown: pairs of nodes while they are few, else medians of pairs of zones."""
    if len(pairs.milliseconds) <= most:
        return tuple(Measured(*pair, value) for pair, value in sorted(pairs.milliseconds.items()))
    by_zones: dict[tuple[str, str], list[float]] = defaultdict(list)
    for pair, milliseconds in pairs.milliseconds.items():
        zones = [distances.groups[end].get(Tier.ZONE) for end in pair if end in distances.groups]
        if len(zones) == 2 and zones[0] is not None and zones[1] is not None:
            one, other = sorted((zones[0], zones[1]))
            by_zones[one, other].append(milliseconds)
    shown = sorted(by_zones.items())[:most]
    return tuple(Measured(*zones, median_low(values)) for zones, values in shown)
