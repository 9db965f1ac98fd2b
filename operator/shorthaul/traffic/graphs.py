"""The traffic map as a value: vertices, edges, and what could not be attributed.

Two levels, because two things are asked of it. `PodEdge` is what was observed, pod by pod: it
measures locality and shows what a Service really does. `Edge` is what is planned with: replicas of
a workload are interchangeable, so traffic is kept between workloads, and between single pods only
where a connection is pinned to one (headless Services). Rates are in the graph's one unit.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shorthaul.traffic.end_sums import EndSums
from shorthaul.traffic.rate_errors import RateError
from shorthaul.units import Namespace, PodRef, Unit, WorkloadRef

Vertex = PodRef | WorkloadRef
_POD = "Pod"
_KINDS = {
    kind.lower(): kind
    for kind in (
        _POD,
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "ReplicationController",
        "Job",
        "CronJob",
    )
}


def vertex_of(namespace: Namespace, kind: str, name: str) -> Vertex:
    """Whom somebody's words name; kinds that are known may be written in any case."""
    kind = _KINDS.get(kind.lower(), kind)
    return PodRef(namespace, name) if kind == _POD else WorkloadRef(namespace, kind, name)


def kind_of(vertex: Vertex) -> str:
    """The kind by which `vertex_of` gives the same again."""
    return _POD if isinstance(vertex, PodRef) else vertex.kind


@dataclass(frozen=True, slots=True)
class PodEdge:
    """Observed traffic of one client pod with one server pod; rates in the graph's unit."""

    client: PodRef
    server: PodRef
    forward: float
    backward: float
    both_ended: bool = True

    @property
    def rate(self) -> float:
        """Both directions together."""
        return self.forward + self.backward


@dataclass(frozen=True, slots=True)
class Edge:
    """Traffic between two vertices, client first; a workload vertex means any of its replicas.

    `sources` are the live sources of bytes that told of it, the one that counts first;
    `sources_agree` is None where fewer than two did. `ends` are the rates that the nodes of both
    ends told of the same part of it, the client's first, as far as the counting source tells them
    apart; `seen_seconds` is the end of the newest window in which it saw any, None where nothing
    came in windows of bytes. `error` is that of `rate`; None where nothing tells of it.
    """

    client: Vertex
    server: Vertex
    forward: float
    backward: float
    both_ended: bool = True
    sources: tuple[str, ...] = ()
    sources_agree: bool | None = None
    ends: EndSums | None = None
    seen_seconds: int | None = None
    error: RateError | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and self.forward >= 0 and self.backward >= 0):
            raise ValueError(f"edge {self.client} → {self.server}: rate {self.rate} is no rate")

    @property
    def rate(self) -> float:
        """Both directions together: what distance is multiplied with."""
        return self.forward + self.backward

    @property
    def ends_agree(self) -> bool | None:
        """Whether both ends tell the same; None where no two did."""
        return None if self.ends is None else self.ends.agree


@dataclass(frozen=True, slots=True, order=True)
class Leftover:
    """Traffic or records that carry no weight in the map, and why; shown, never used for moves."""

    reason: str
    records: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How far a live source could see; None is what it cannot know.

    Shares are of the nodes that it should hear, and of the records that it lost.
    `newest_seconds` is the end of its newest whole window of bytes, or its newest event's time.
    """

    coverage_share: float | None = None
    lost_share: float | None = None
    newest_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class TrafficGraph:
    """The traffic of one stretch of time; edges are sorted and unique per (client, server).

    `sources` are the live ones of its unit, whether they count for any edge or not. `anchored` is
    the traffic with named places outside, sorted too: it is shown, and no plan is made with it.
    """

    unit: Unit
    seconds: float
    edges: tuple[Edge, ...]
    pod_edges: Sequence[PodEdge] = ()
    leftovers: tuple[Leftover, ...] = ()
    lost_events: int = 0
    end_seconds: float = 0.0
    warnings: tuple[str, ...] = field(default=())
    sources: Mapping[str, SourceState] = field(default_factory=dict)
    anchored: tuple[Edge, ...] = ()

    @property
    def rate(self) -> float:
        """All traffic between pods, in its unit."""
        return math.fsum(edge.rate for edge in self.edges)
