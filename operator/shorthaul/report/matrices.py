"""How much traffic runs between which groups of nodes, for the heat maps of the page.

The reference cost says how an edge's traffic divides over pairs of nodes; this sums them by group.
Groups are zones, or racks or hosts where there is one zone.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.report import places
from shorthaul.solve.costs import Places, priced, spread
from shorthaul.topology.distances import Distances
from shorthaul.units import Tier

MOST_GROUPS = 24


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rates from the client's group to the server's, both directions together."""

    tier: Tier
    groups: tuple[str, ...]
    rates: Mapping[tuple[str, str], float]

    @property
    def largest(self) -> float:
        """The largest rate."""
        return max(self.rates.values(), default=0.0)


def heading_tier(distances: Distances) -> Tier | None:
    """The tier whose groups are few enough to be drawn; None when none is."""
    tier = places.grouping_tier(distances)
    found = {places.group(node, tier, distances) for node in distances.groups}
    return tier if 1 < len(found) <= MOST_GROUPS else None


def matrix(edges: Iterable[RoutedEdge], where: Places, distances: Distances, tier: Tier) -> Matrix:
    """Sums all edges by the groups of their ends."""
    groups = {node: places.group(node, tier, distances) for node in distances.groups}
    parts: dict[tuple[str, str], list[float]] = {}
    for edge in priced(edges, where):
        for client, server, share in spread(edge, where, distances):
            pair = groups[client], groups[server]
            parts.setdefault(pair, []).append(edge.rate * float(share))
    rates = {pair: math.fsum(values) for pair, values in sorted(parts.items())}
    return Matrix(tier, tuple(sorted(set(groups.values()))), rates)
