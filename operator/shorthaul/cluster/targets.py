"""Which pairs of workloads should be how near in time, and which edges that concerns.

A target is a wish: what is above it costs a penalty, so the plan weighs it against the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.traffic.graphs import Vertex
from shorthaul.units import Namespace, WorkloadRef

Ends = tuple[Vertex, Vertex]


@dataclass(frozen=True, slots=True)
class LatencyTarget:
    """The latency wanted between some workloads and a peer, and what a millisecond more counts.

    `kind` "" is any kind of that name.
    """

    workloads: frozenset[WorkloadRef]
    namespace: Namespace
    kind: str
    name: str
    milliseconds: float
    penalty: float

    def concerns(self, one: WorkloadRef, other: WorkloadRef) -> bool:
        """Whether it is about traffic between two workloads, in either direction."""
        return any(
            mine in self.workloads and self._is_peer(peer)
            for mine, peer in ((one, other), (other, one))
        )

    def _is_peer(self, workload: WorkloadRef) -> bool:
        return (workload.namespace, workload.name) == (self.namespace, self.name) and (
            self.kind in ("", workload.kind)
        )


def targeted(
    edges: Iterable[RoutedEdge], snapshot: Snapshot, targets: Iterable[LatencyTarget]
) -> Mapping[Ends, tuple[LatencyTarget, ...]]:
    """The targets of each edge that has any, by its ends."""
    found: dict[Ends, tuple[LatencyTarget, ...]] = {}
    wanted = tuple(targets)
    for edge in edges if wanted else ():
        one, other = (snapshot.workload_of(end) for end in (edge.client, edge.server))
        if one is None or other is None:
            continue
        concerning = tuple(target for target in wanted if target.concerns(one, other))
        if concerning:
            found[edge.client, edge.server] = concerning
    return found
