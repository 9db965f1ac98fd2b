"""The traffic map made small: its heaviest edges by name, all others added up, and what it misses.

However large a cluster is, a summary has at most so many rows as was asked for, and one more that
stands for the rest, each divided by tier. The rows of a summary add up to the whole map, so that a
sum over them is right whatever was asked for. Traffic of which nobody knows where its ends are has
no tier.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from shorthaul.report.agreements import Agreements, agreements
from shorthaul.report.maps import MapEdge, Rates, TrafficMap
from shorthaul.traffic.graphs import Leftover, Vertex
from shorthaul.units import TIERS, Tier, Unit

MOST_REASONS = 16
REST = "(other)"
"""What stands for the rest: no object of Kubernetes and no reason of ours can have this name."""

_NEGLIGIBLE_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class MapRow:
    """Traffic across one tier (None: not known which) between two ends; no ends: the rest."""

    ends: tuple[Vertex, Vertex] | None
    tier: Tier | None
    rate: float


@dataclass(frozen=True, slots=True)
class MapSummary:
    """A map in numbers; `edges` is how many it has, `shown` how many of them have rows.

    `ends` and `sources` count edges by whether both ends, and all sources, tell the same of them.
    Shares and mean distance are those of all traffic whose tier is known; without any there is no
    mean.
    """

    unit: Unit
    rate: float
    rows: tuple[MapRow, ...]
    edges: int
    shown: int
    shares: Rates
    mean_distance: float | None
    lost_events: int
    leftovers: tuple[Leftover, ...]
    ends: Agreements
    sources: Agreements


def summary(traffic: TrafficMap, distances: Mapping[Tier, float], most_edges: int) -> MapSummary:
    """Puts a map into at most `most_edges` edges and a rest, each with a row per tier."""
    shown = min(most_edges, len(traffic.edges))
    rows = tuple(_rows(traffic.edges[:shown], traffic.edges[shown:]))
    shares = _shares(rows)
    return MapSummary(
        unit=traffic.unit,
        rate=traffic.rate,
        rows=rows,
        edges=len(traffic.edges),
        shown=shown,
        shares=shares,
        mean_distance=_mean(shares, distances),
        lost_events=traffic.lost_events,
        leftovers=_fewer(traffic.leftovers),
        ends=agreements(item.edge.ends_agree for item in traffic.edges),
        sources=agreements(item.edge.sources_agree for item in traffic.edges),
    )


def heaviest(traffic: TrafficMap, most_edges: int) -> tuple[TrafficMap, tuple[str, ...]]:
    """A map of its heaviest edges only, and a note of how much that leaves out, if anything."""
    rest = traffic.edges[most_edges:]
    if not rest:
        return traffic, ()
    rate = math.fsum(item.edge.rate for item in rest)
    note = (
        f"{len(rest)} of {len(traffic.edges)} edges are left out, the lightest, with {rate:g} of "
        f"{traffic.rate:g} {traffic.unit}; at most {most_edges} are shown here"
    )
    return replace(traffic, edges=traffic.edges[:most_edges]), (note,)


def _rows(shown: Iterable[MapEdge], rest: Iterable[MapEdge]) -> Iterator[MapRow]:
    for item in shown:
        ends = item.edge.client, item.edge.server
        yield from (MapRow(ends, tier, rate) for tier, rate in _by_tier(item))
    parts: dict[Tier | None, list[float]] = {}
    for item in rest:
        for tier, rate in _by_tier(item):
            parts.setdefault(tier, []).append(rate)
    for tier, rates in parts.items():
        yield MapRow(None, tier, math.fsum(rates))


def _by_tier(item: MapEdge) -> Iterator[tuple[Tier | None, float]]:
    """An edge's rate, divided: what its pods were not all seen to exchange has no tier."""
    rate, tiers = item.edge.rate, item.tiers or {}
    known = math.fsum(tiers.values())
    scale = rate / known if known > rate else 1.0
    yield from ((tier, tiers[tier] * scale) for tier in TIERS if tiers.get(tier))
    if rate - known > _NEGLIGIBLE_SHARE * rate:
        yield None, rate - known


def _shares(rows: Iterable[MapRow]) -> Rates:
    """What share of the traffic whose tier is known crosses which; 1 in all, or none."""
    rates: dict[Tier, list[float]] = {tier: [] for tier in TIERS}
    for row in rows:
        if row.tier is not None:
            rates[row.tier].append(row.rate)
    sums = {tier: math.fsum(found) for tier, found in rates.items()}
    total = math.fsum(sums.values())
    return {tier: value / total if total else 0.0 for tier, value in sums.items()}


def _mean(shares: Rates, distances: Mapping[Tier, float]) -> float | None:
    if not any(shares.values()):
        return None
    return math.fsum(shares[tier] * distances[tier] for tier in TIERS)


def _fewer(leftovers: Sequence[Leftover]) -> tuple[Leftover, ...]:
    """The leftovers with the most records, and one that stands for all others."""
    found = sorted(leftovers, key=lambda left: (-left.records, left.reason, left.example))
    rest = sum(left.records for left in found[MOST_REASONS:])
    return (*found[:MOST_REASONS], *((Leftover(REST, rest),) if rest else ()))
