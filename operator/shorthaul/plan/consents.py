"""Whose traffic may attract whom: across namespaces only where both sides said so.

Nobody can have another's pods moved, or moved beside his own, by sending traffic: an edge between
namespaces counts only when the rules of both ends name the other's namespace (DESIGN §3). Rules
without a restriction, as of an offline plan, let everything attract.
"""

from collections.abc import Iterable

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.traffic.graphs import Vertex
from shorthaul.units import Namespace


def consented(
    edges: Iterable[RoutedEdge], snapshot: Snapshot, rules: Rules
) -> tuple[RoutedEdge, ...]:
    """The edges that may attract; linear in edges."""
    return tuple(
        edge
        for edge in edges
        if edge.client.namespace == edge.server.namespace
        or (
            _allows(edge.client, edge.server.namespace, snapshot, rules)
            and _allows(edge.server, edge.client.namespace, snapshot, rules)
        )
    )


def _allows(end: Vertex, other: Namespace, snapshot: Snapshot, rules: Rules) -> bool:
    workload = snapshot.workload_of(end)
    allowed = rules.default.attracted_by if workload is None else rules.of(workload).attracted_by
    return allowed is None or other in allowed
