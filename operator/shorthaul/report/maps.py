"""The traffic map as it is shown: each edge with the tiers that its traffic was seen to cross.

Tiers come from observation where pods were seen talking (`pod_edges`), else from how the Service
routes (an edge list of workloads says no more), and each edge says which. Without a cluster there
are no tiers, but those of named places outside, which are at one tier wherever pods are. It adds
nothing to the graph and leaves nothing out.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shorthaul.cluster.routings import RoutedEdge, ServiceRouting, route
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.solve import costs
from shorthaul.topology.distances import Distances
from shorthaul.traffic.anchors import place_of
from shorthaul.traffic.graphs import Edge, Leftover, PodEdge, SourceState, TrafficGraph, Vertex
from shorthaul.units import TIERS, Tier, Unit, WorkloadRef

Pair = tuple[Vertex, Vertex]
Rates = Mapping[Tier, float]
Routings = Mapping[WorkloadRef, ServiceRouting]


class TiersBy(StrEnum):
    """How tiers are known: pods were seen talking, Services route so, or the Topology says it.

    Only places outside the cluster are at a tier that the Topology names.
    """

    OBSERVED = "observed"
    ROUTED = "routed"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Ground:
    """The cluster under the traffic: where pods are, how far apart, and how Services route.

    `routings` is how each server is routed to, with the reason; None where nobody asked.
    """

    snapshot: Snapshot
    distances: Distances
    routed: tuple[RoutedEdge, ...]
    routings: Routings | None


@dataclass(frozen=True, slots=True)
class MapEdge:
    """One edge and its rate per tier; None where no cluster tells or an end has no pod there."""

    edge: Edge
    tiers: Rates | None
    tiers_by: TiersBy | None


@dataclass(frozen=True, slots=True)
class TrafficMap:
    """All edges, the largest first, and the shares of all that could be placed, per tier.

    `routings` tells how each server is routed to; None where nobody knows.
    """

    unit: Unit
    seconds: float
    edges: tuple[MapEdge, ...]
    shares: Rates | None
    leftovers: tuple[Leftover, ...] = ()
    lost_events: int = 0
    end_seconds: float = 0.0
    sources: Mapping[str, SourceState] = field(default_factory=dict)
    routings: Routings | None = None

    @property
    def rate(self) -> float:
        """All traffic."""
        return math.fsum(item.edge.rate for item in self.edges)

    @property
    def tiers_by(self) -> frozenset[TiersBy]:
        """All the ways in which tiers of the edges are known."""
        return frozenset(item.tiers_by for item in self.edges if item.tiers_by is not None)


def traffic_map(
    graph: TrafficGraph, ground: Ground | None, anchors: Mapping[str, Tier] | None = None
) -> TrafficMap:
    """Puts a graph on its ground; `anchors` are the tiers of named places outside."""
    outside = _outside_rates(graph, anchors or {})
    if ground is None:
        return _map(graph, None, {}, outside)
    found = _map(graph, _observed_rates(graph, ground), _routed_rates(ground), outside)
    return replace(found, routings=ground.routings)


def cluster_map(graph: TrafficGraph, snapshot: Snapshot, distances: Distances) -> TrafficMap:
    """Puts a graph on a cluster, and routes those edges only whose pods nobody saw talking."""
    bare = Ground(snapshot, distances, (), None)
    observed = _observed_rates(graph, bare)
    outside = _outside_rates(graph, distances.scale.anchors)
    unseen = tuple(edge for edge in graph.edges if (edge.client, edge.server) not in observed)
    if not unseen:
        return _map(graph, observed, {}, outside)
    routed = route(replace(graph, edges=unseen), snapshot)
    return _map(graph, observed, _routed_rates(replace(bare, routed=routed)), outside)


def _map(
    graph: TrafficGraph,
    observed: Mapping[Pair, Rates] | None,
    routed: Mapping[Pair, Rates],
    outside: Mapping[Pair, Rates],
) -> TrafficMap:
    """A graph with what was found of tiers, observed before routed; None is no cluster."""
    edges = [_map_edge(edge, observed or {}, routed) for edge in graph.edges]
    edges += [_outside_edge(edge, outside) for edge in graph.anchored]
    edges.sort(key=lambda item: (-item.edge.rate, str(item.edge.client), str(item.edge.server)))
    return TrafficMap(
        graph.unit,
        graph.seconds,
        tuple(edges),
        None if observed is None else _shares(edges),
        graph.leftovers,
        graph.lost_events,
        graph.end_seconds,
        graph.sources,
    )


def _map_edge(edge: Edge, observed: Mapping[Pair, Rates], routed: Mapping[Pair, Rates]) -> MapEdge:
    pair = edge.client, edge.server
    if pair in observed:
        return MapEdge(edge, observed[pair], TiersBy.OBSERVED)
    if pair in routed:
        return MapEdge(edge, routed[pair], TiersBy.ROUTED)
    return MapEdge(edge, None, None)


def _outside_edge(edge: Edge, outside: Mapping[Pair, Rates]) -> MapEdge:
    tiers = outside.get((edge.client, edge.server))
    return MapEdge(edge, tiers, None if tiers is None else TiersBy.NAMED)


def _shares(edges: Iterable[MapEdge]) -> Rates:
    placed = [item.tiers for item in edges if item.tiers is not None]
    sums = {tier: math.fsum(rates[tier] for rates in placed) for tier in TIERS}
    total = math.fsum(sums.values())
    return {tier: value / total if total else 0.0 for tier, value in sums.items()}


def _routed_rates(ground: Ground) -> dict[Pair, Rates]:
    where = costs.places(ground.snapshot)
    found: dict[Pair, dict[Tier, list[float]]] = {}
    for edge in costs.priced(ground.routed, where):
        pair = _owner(edge.client, ground), _owner(edge.server, ground)
        shares = costs.edge_shares(edge, where, ground.distances)
        for tier in TIERS:
            rates = found.setdefault(pair, {}).setdefault(tier, [])
            rates.append(edge.rate * float(shares[tier]))
    return _summed(found)


def _observed_rates(graph: TrafficGraph, ground: Ground) -> dict[Pair, Rates]:
    found: dict[Pair, dict[Tier, list[float]]] = {}
    for edge in graph.pod_edges:
        tier = _tier(edge, ground)
        if tier is not None:
            pair = _owner(edge.client, ground), _owner(edge.server, ground)
            found.setdefault(pair, {}).setdefault(tier, []).append(edge.rate)
    return _summed(found)


def _outside_rates(graph: TrafficGraph, anchors: Mapping[str, Tier]) -> dict[Pair, Rates]:
    """All traffic with a place is at its tier; of a place that nobody named there is none."""
    return {
        (edge.client, edge.server): {tier: edge.rate * (tier is known) for tier in TIERS}
        for edge in graph.anchored
        if (known := anchors.get(place_of(edge).name)) is not None
    }


def _summed(found: Mapping[Pair, Mapping[Tier, Iterable[float]]]) -> dict[Pair, Rates]:
    return {
        pair: {tier: math.fsum(rates.get(tier, ())) for tier in TIERS}
        for pair, rates in found.items()
    }


def _owner(vertex: Vertex, ground: Ground) -> Vertex:
    return ground.snapshot.workload_of(vertex) or vertex


def _tier(edge: PodEdge, ground: Ground) -> Tier | None:
    client = ground.snapshot.pods.get(edge.client)
    server = ground.snapshot.pods.get(edge.server)
    if client is None or server is None or client.node is None or server.node is None:
        return None
    return ground.distances.known_tier(client.node, server.node)
