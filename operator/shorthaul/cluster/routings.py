"""What a Service really does with its clients' traffic, and so what co-location is worth.

An edge of the traffic map becomes a `RoutedEdge`: the same ends and rate, and how the server's
side is chosen. A server behind a headless Service is pinned: its ends are single pods. What was
not observed pod by pod (an edge list between workloads, pods that are gone) stays between the
workloads. With an override every edge stays between workloads, so that the answer to "what if
all were routed so" does not depend on what is routed otherwise today.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from shorthaul.cluster.service_routings import ServiceRouting, Services, service_routings
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.traffic.graphs import Edge, PodEdge, TrafficGraph, Vertex
from shorthaul.units import PodRef, Routing, WorkloadRef

__all__ = ["RoutedEdge", "ServiceRouting", "overridden", "route", "routed", "service_routings"]

_NEGLIGIBLE_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class RoutedEdge:
    """Traffic between two vertices and the routing that spreads it; `rate` is both directions.

    A client workload's replicas each send the same share. UNIFORM: every server replica gets the
    same share of each. ZONE: a client's share goes to the server's replicas in its zone, to all
    when there are none. NODE: to those on its node, else in its zone, else to all. LOCAL: as near
    as fair shares of load allow (minimum of shares, tier by tier).
    """

    client: Vertex
    server: Vertex
    rate: float
    routing: Routing


def route(
    graph: TrafficGraph, snapshot: Snapshot, override: Routing | None = None
) -> tuple[RoutedEdge, ...]:
    """The edges as the cluster's Services route them, or all in one way; sorted, no empty ones."""
    if override is None:
        return routed(graph, snapshot, service_routings(snapshot, graph))
    return _sorted(RoutedEdge(e.client, e.server, e.rate, override) for e in graph.edges)


def routed(
    graph: TrafficGraph, snapshot: Snapshot, routings: Mapping[WorkloadRef, ServiceRouting]
) -> tuple[RoutedEdge, ...]:
    """The edges as their servers' routings have been told; sorted, no empty ones."""
    return _sorted(_by_services(graph, snapshot, routings))


def overridden(graph: TrafficGraph, override: Routing) -> Mapping[WorkloadRef, ServiceRouting]:
    """The routing of every server where all are routed in one way, because it was asked so."""
    servers = {edge.server for edge in graph.edges if isinstance(edge.server, WorkloadRef)}
    told = ServiceRouting(override, "asked for all traffic, whatever Services do")
    return dict.fromkeys(sorted(servers), told)


def _sorted(edges: Iterable[RoutedEdge]) -> tuple[RoutedEdge, ...]:
    return tuple(sorted((edge for edge in edges if edge.rate > 0), key=_order))


def _order(edge: RoutedEdge) -> tuple[str, str, str]:
    return repr(edge.client), repr(edge.server), edge.routing


def _by_services(
    graph: TrafficGraph, snapshot: Snapshot, routings: Mapping[WorkloadRef, ServiceRouting]
) -> Iterator[RoutedEdge]:
    services = Services(snapshot)
    pod_edges = _by_workloads(graph, snapshot)
    for edge in graph.edges:
        routing = _routing_of(edge, routings)
        if routing.pinned:
            yield from _pinned(edge, pod_edges.get((edge.client, edge.server), []), services)
        else:
            yield RoutedEdge(edge.client, edge.server, edge.rate, routing.routing)


def _routing_of(edge: Edge, routings: Mapping[WorkloadRef, ServiceRouting]) -> ServiceRouting:
    if isinstance(edge.server, PodRef):
        return ServiceRouting(Routing.UNIFORM, "a single pod")
    return routings[edge.server]


def _by_workloads(
    graph: TrafficGraph, snapshot: Snapshot
) -> dict[tuple[Vertex, Vertex], list[PodEdge]]:
    found: dict[tuple[Vertex, Vertex], list[PodEdge]] = {}
    for edge in graph.pod_edges:
        client, server = snapshot.pods.get(edge.client), snapshot.pods.get(edge.server)
        if client and server and client.active and server.active:
            found.setdefault((client.workload, server.workload), []).append(edge)
    return found


def _pinned(edge: Edge, pod_edges: list[PodEdge], services: Services) -> Iterator[RoutedEdge]:
    singly = isinstance(edge.client, WorkloadRef) and services.pinned_client(edge.client)
    rates: dict[tuple[Vertex, Vertex], list[float]] = {}
    for pods in pod_edges:
        client: Vertex = pods.client if singly else edge.client
        rates.setdefault((client, pods.server), []).append(pods.rate)
    for (client, server), parts in rates.items():
        yield RoutedEdge(client, server, math.fsum(parts), Routing.UNIFORM)
    rest = edge.rate - math.fsum(pods.rate for pods in pod_edges)
    if rest > _NEGLIGIBLE_SHARE * edge.rate:
        yield RoutedEdge(edge.client, edge.server, rest, Routing.UNIFORM)
