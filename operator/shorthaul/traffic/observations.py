"""What a set of flow files (or a live source) told us, pod by pod, before anybody's name is known.

Sums are exact: Hubble's events stay integers here and become rates only in `attribution`, so that
neither the order of lines nor their split into files changes the result. Labels are not kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shorthaul.traffic.end_sums import EndSums
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.graphs import Leftover, Vertex
from shorthaul.traffic.pair_sums import PairSums, pair_sums
from shorthaul.traffic.rate_errors import RateError
from shorthaul.units import NodeName, PodRef, Unit, WorkloadRef

UNWEIGHED_EVENTS = "flow events, which carry no bytes"
MOST_CLUSTERS_TOLD = 3


@dataclass(frozen=True, slots=True)
class AnchorSum:
    """Events of one pod with one named place outside; either may be the client.

    As with pairs of pods, averages over windows need not be whole numbers.
    """

    client: Vertex
    server: Vertex
    forward: float
    backward: float
    observers: frozenset[NodeName] = frozenset()

    @property
    def events(self) -> float:
        """Both directions together."""
        return self.forward + self.backward

    def also_seen(self, other: "AnchorSum") -> "AnchorSum":
        """The same events with the nodes of others too."""
        return replace(self, observers=self.observers | other.observers)


def clusters_text(clusters: Mapping[str, object]) -> str:
    """Clusters by name, each with the place of its first flow; beyond a few, how many more."""
    told = [f"{name!r} (first: {place})" for name, place in sorted(clusters.items())]
    more = len(told) - MOST_CLUSTERS_TOLD
    return ", ".join(told[:MOST_CLUSTERS_TOLD]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class DeclaredEdge:
    """A row of an edge list: the user's own word; `where` is its file:line.

    `backward` tells that the rate is of what the server sent, which no edge list says by itself.
    Rates of live sources of bytes are rows too, with all the sources that told of them, what both
    ends told (the client's first), and the end of the newest window that has any of it. `error` is
    that of both ways together and stands in one row of them; the other's is `NONE`.
    """

    client: Vertex
    server: Vertex
    rate: float
    where: str
    backward: bool = False
    sources: tuple[str, ...] = ()
    sources_agree: bool | None = None
    ends: EndSums | None = None
    seen_seconds: int | None = None
    error: RateError | None = None

    @property
    def turned(self) -> "DeclaredEdge":
        """The same traffic with the other end for its client."""
        return replace(
            self,
            client=self.server,
            server=self.client,
            backward=not self.backward,
            ends=self.ends.turned if self.ends else None,
        )


@dataclass(frozen=True, slots=True)
class ObserverSum:
    """What one node's observer contributed: lines that were flows, and events it lost."""

    lines: int = 0
    lost_events: int = 0


@dataclass(frozen=True, slots=True)
class Observations:
    """All of it, in order; times are nanoseconds since the epoch.

    Every line that was read is in exactly one of `counted_lines`, `lost_lines`, `ignored` (by
    kind: never meant to count) and `leftovers` (by reason: shown to the user). The times are
    those of all flow lines, counted or not, over all files. Of the lines that count,
    `anchored_lines` are of events with named places outside. `errors` are those of averages over
    windows, by the owners of pairs; None where events were counted in one stretch.
    """

    unit: Unit
    pairs: PairSums = field(default_factory=pair_sums)
    declared: tuple[DeclaredEdge, ...] = ()
    workloads: Mapping[PodRef, WorkloadRef] = field(default_factory=dict)
    observers: Mapping[NodeName, ObserverSum] = field(default_factory=dict)
    clusters: Mapping[str, str] = field(default_factory=dict)
    earliest_nanoseconds: int | None = None
    latest_nanoseconds: int | None = None
    lines: int = 0
    counted_lines: int = 0
    lost_lines: int = 0
    lost_events: int = 0
    ignored: Mapping[str, int] = field(default_factory=dict)
    leftovers: tuple[Leftover, ...] = ()
    warnings: tuple[str, ...] = ()
    anchored: tuple[AnchorSum, ...] = ()
    anchored_lines: int = 0
    errors: Mapping[tuple[Vertex, Vertex], RateError] | None = None

    @property
    def seconds(self) -> float:
        """The stretch of time observed, at least one second (DESIGN §5)."""
        if self.earliest_nanoseconds is None or self.latest_nanoseconds is None:
            return 1.0
        return max(1.0, (self.latest_nanoseconds - self.earliest_nanoseconds) / NANOSECONDS)

    @property
    def end_seconds(self) -> float:
        """The latest time observed, 0 when there is none."""
        return (self.latest_nanoseconds or 0) / NANOSECONDS
