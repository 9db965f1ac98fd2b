"""Whose traffic may attract whom: across namespaces only where both sides said so.

Nobody can have another's pods moved, or moved beside his own, by sending traffic: an edge between
namespaces counts only when the rules of both ends name the other's namespace (DESIGN §3). Rules
without a restriction, as of an offline plan, let everything attract.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.traffic.graphs import Edge, PodEdge, TrafficGraph, Vertex
from shorthaul.traffic.pod_edges import PodEdges
from shorthaul.units import Namespace

_Edge = TypeVar("_Edge", RoutedEdge, Edge, PodEdge)


def consented(edges: Iterable[_Edge], snapshot: Snapshot, rules: Rules) -> tuple[_Edge, ...]:
    """The edges that may attract; linear in edges."""
    return tuple(edge for edge in edges if _may_attract(edge.client, edge.server, snapshot, rules))


def attracting(graph: TrafficGraph, snapshot: Snapshot, rules: Rules) -> TrafficGraph:
    """What of a map may attract: the traffic that a promise is made of, and no other."""
    return replace(
        graph,
        edges=consented(graph.edges, snapshot, rules),
        pod_edges=_of_pods(graph.pod_edges, snapshot, rules),
    )


def _of_pods(edges: Sequence[PodEdge], snapshot: Snapshot, rules: Rules) -> Sequence[PodEdge]:
    """Those that may attract, in columns where they are; most are within a namespace."""
    if not isinstance(edges, PodEdges):
        return consented(edges, snapshot, rules)
    numbers = {name: n for n, name in enumerate({pod.namespace for pod in edges.pods})}
    namespaces = np.array([numbers[pod.namespace] for pod in edges.pods], np.int32)
    attract = namespaces[edges.clients] == namespaces[edges.servers]
    for row in np.flatnonzero(~attract).tolist():
        client, server = edges.pods[edges.clients[row]], edges.pods[edges.servers[row]]
        attract[row] = _may_attract(client, server, snapshot, rules)
    return edges.take(attract)


def _may_attract(client: Vertex, server: Vertex, snapshot: Snapshot, rules: Rules) -> bool:
    return client.namespace == server.namespace or (
        _allows(client, server.namespace, snapshot, rules)
        and _allows(server, client.namespace, snapshot, rules)
    )


def _allows(end: Vertex, other: Namespace, snapshot: Snapshot, rules: Rules) -> bool:
    workload = snapshot.workload_of(end)
    allowed = rules.default.attracted_by if workload is None else rules.of(workload).attracted_by
    return allowed is None or other in allowed
