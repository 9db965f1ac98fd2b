"""How much traffic runs between which groups of nodes, for the heat maps of the page.

It spreads each edge over pairs of nodes by the same rules as the reference cost, which knows tiers
only; a test holds the two together. Groups are zones, or racks or hosts where there is one zone.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.report import places
from shorthaul.solve.costs import Counts, Places, priced
from shorthaul.topology.distances import Distances
from shorthaul.units import TIERS, NodeName, Routing, Tier

NEAR = (Tier.HOST, Tier.RACK, Tier.ZONE)
MOST_GROUPS = 24
Flow = tuple[NodeName, NodeName, float]


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
            parts.setdefault((groups[client], groups[server]), []).append(edge.rate * share)
    rates = {pair: math.fsum(values) for pair, values in sorted(parts.items())}
    return Matrix(tier, tuple(sorted(set(groups.values()))), rates)


def spread(edge: RoutedEdge, where: Places, distances: Distances) -> Iterator[Flow]:
    """The shares of an edge's traffic by pair of nodes; they sum to 1."""
    clients, servers = where.counts(edge.client), where.counts(edge.server)
    if edge.routing is Routing.LOCAL:
        yield from _transported(clients, servers, distances)
        return
    replicas = sum(clients.values())
    for node, count in clients.items():
        chosen = _chosen(edge.routing, node, servers, distances)
        size = sum(chosen.values())
        for server, weight in chosen.items():
            yield node, server, count * weight / (replicas * size)


def _chosen(routing: Routing, node: NodeName, servers: Counts, distances: Distances) -> Counts:
    if routing is Routing.NODE and node in servers:
        return {node: servers[node]}
    if routing is Routing.UNIFORM:
        return servers
    near = {
        server: count for server, count in servers.items() if distances.tier(node, server) in NEAR
    }
    return near or servers


def _transported(clients: Counts, servers: Counts, distances: Distances) -> Iterator[Flow]:
    supply = {node: count / sum(clients.values()) for node, count in clients.items()}
    demand = {node: count / sum(servers.values()) for node, count in servers.items()}
    pairs = [(client, server) for client in supply for server in demand]
    for tier in TIERS:
        for client, server in pairs:
            if distances.tier(client, server) is tier:
                amount = min(supply[client], demand[server])
                supply[client] -= amount
                demand[server] -= amount
                if amount > 0:
                    yield client, server, amount
