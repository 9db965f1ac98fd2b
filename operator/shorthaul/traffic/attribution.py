"""From pods to workloads: observations become the traffic map that is planned with.

Nothing is guessed silently: traffic of pods that are gone without a trace, of workloads that are
not in the cluster, and of one pod with itself becomes a Leftover with its count and an example.
An edge between two pods is both-ended when requests were seen by the server's node and replies by
the client's, or, if they share a node, by that node; single-ended edges count here (DESIGN §5:
`plan` from files goes on) and are dropped by `windows`, for the running operator.
"""

import math
from dataclasses import dataclass, field

from shorthaul.errors import BadInput
from shorthaul.traffic.anchors import is_anchor, is_outside
from shorthaul.traffic.end_sums import EndSums
from shorthaul.traffic.graphs import Edge, Leftover, PodEdge, TrafficGraph, Vertex
from shorthaul.traffic.identities import Directory
from shorthaul.traffic.observations import AnchorSum, DeclaredEdge, Observations
from shorthaul.traffic.owned_pairs import OwnedPairs, owned_pairs
from shorthaul.traffic.owners import Owners
from shorthaul.traffic.pod_edges import PodEdges, pod_edges
from shorthaul.traffic.rate_errors import RateError, counted, summed
from shorthaul.traffic.sightings import both_ended
from shorthaul.units import PodRef, WorkloadRef

SELF = "traffic of a pod with itself, which has no distance"
GONE = "a pod is gone and nothing tells whose it was"
PLACES = "with a named place outside: "
OUTSIDE = "both ends are named places outside"
ABSENT = "an edge list's workload is not in the cluster"


def build_graph(observations: Observations, directory: Directory | None = None) -> TrafficGraph:
    """The traffic map; raises BadInput when none of the traffic is of the directory's cluster.

    Traffic with named places outside decides nothing here, so that names make no file unreadable.
    """
    graph = attribute(observations, directory)
    lost = [leftover for leftover in graph.leftovers if leftover.reason in (GONE, ABSENT)]
    if directory is not None and not graph.edges and lost:
        raise BadInput(
            f"none of {sum(leftover.records for leftover in lost)} flows are between pods of this "
            f"cluster (first: {lost[0].example}); are the two from the same cluster?"
        )
    return graph


def attribute(observations: Observations, directory: Directory | None) -> TrafficGraph:
    """The traffic map, empty when none of the traffic is of the directory's cluster."""
    owners, pairs = Owners(directory, observations.workloads), observations.pairs
    sums = _Sums(owners, owned_pairs(pairs, both_ended(pairs, directory), owners), observations)
    for each in observations.anchored:
        sums.add_anchored(each)
    for row in observations.declared:
        sums.add_row(row)
    seconds = observations.seconds
    pods = sums.pod_edges(seconds)
    return TrafficGraph(
        unit=observations.unit,
        seconds=seconds,
        edges=sums.edges(seconds, anchored=False),
        anchored=sums.edges(seconds, anchored=True),
        pod_edges=pods,
        leftovers=(*observations.leftovers, *sums.leftovers()),
        lost_events=observations.lost_events,
        end_seconds=observations.end_seconds,
        warnings=(*observations.warnings, *_single_ended(pods, directory)),
    )


@dataclass(slots=True)
class _Sum:
    """One edge in the making: events as they were counted, rates as they were declared.

    Rows of both ways between two have the same `ends`, which count once.
    """

    forward: float = 0
    backward: float = 0
    rates: list[float] = field(default_factory=list)
    backward_rates: list[float] = field(default_factory=list)
    both_ended: bool = False
    sources: dict[str, None] = field(default_factory=dict)
    sources_agree: bool | None = None
    ends: dict[frozenset[Vertex], EndSums] = field(default_factory=dict)
    seen_seconds: int | None = None
    errors: list[RateError | None] = field(default_factory=list)

    def add(self, each: AnchorSum) -> None:
        self.forward += each.forward
        self.backward += each.backward
        self.errors.append(None)

    def add_row(self, row: DeclaredEdge) -> None:
        (self.backward_rates if row.backward else self.rates).append(row.rate)
        self.both_ended = True
        self.sources.update(dict.fromkeys(row.sources))
        if row.sources_agree is not None:
            self.sources_agree = row.sources_agree and self.sources_agree is not False
        if row.ends is not None:
            self.ends[frozenset((row.client, row.server))] = row.ends
        if row.seen_seconds is not None:
            self.seen_seconds = max(row.seen_seconds, self.seen_seconds or 0)
        self.errors.append(row.error)

    def ends_told(self) -> EndSums | None:
        """What both ends told, summed over all that the edge is made of."""
        if not self.ends:
            return None
        return EndSums(*(math.fsum(each) for each in zip(*self.ends.values(), strict=True)))

    def rates_over(self, seconds: float) -> tuple[float, float]:
        return (
            self.forward / seconds + math.fsum(self.rates),
            self.backward / seconds + math.fsum(self.backward_rates),
        )


class _Sums:
    def __init__(self, owners: Owners, pairs: OwnedPairs, told: Observations) -> None:
        self._owners, self._pairs = owners, pairs
        self._edges: dict[tuple[WorkloadRef, WorkloadRef], _Sum] = {}
        self._pods: dict[tuple[PodRef, PodRef], _Sum] = {}
        self._leftovers: dict[str, tuple[int, str]] = {}
        self._add_pairs(pairs, told)

    def add_anchored(self, each: AnchorSum) -> None:
        ends = self._attribute(each.client, each.server, math.ceil(each.events), "")
        if ends is not None:
            self._edges.setdefault(ends, _Sum()).add(each)

    def add_row(self, row: DeclaredEdge) -> None:
        ends = self._attribute(row.client, row.server, 1, f"{row.where}: ")
        if ends is None:
            return
        self._edges.setdefault(ends, _Sum()).add_row(row)
        client, server = row.client, row.server
        if not (isinstance(client, PodRef) and isinstance(server, PodRef)):
            return
        if self._owners.exists(client) and self._owners.exists(server):
            self._pods.setdefault((client, server), _Sum()).add_row(row)

    def edges(self, seconds: float, *, anchored: bool) -> tuple[Edge, ...]:
        return tuple(
            Edge(
                client,
                server,
                *total.rates_over(seconds),
                total.both_ended,
                tuple(total.sources),
                total.sources_agree,
                total.ends_told(),
                total.seen_seconds,
                summed(total.errors),
            )
            for (client, server), total in sorted(self._edges.items())
            if anchored is is_outside(client, server)
        )

    def pod_edges(self, seconds: float) -> PodEdges:
        found = self._pairs.pod_edges(seconds)
        if not self._pods:
            return found
        edges = {(edge.client, edge.server): edge for edge in found}
        for (client, server), total in self._pods.items():
            forward, backward = total.rates_over(seconds)
            if seen := edges.get((client, server)):
                forward, backward = seen.forward + forward, seen.backward + backward
            edges[client, server] = PodEdge(client, server, forward, backward, total.both_ended)
        return pod_edges(edges.values())

    def leftovers(self) -> tuple[Leftover, ...]:
        return tuple(
            Leftover(reason, records, example)
            for reason, (records, example) in sorted(self._leftovers.items())
        )

    def _add_pairs(self, found: OwnedPairs, told: Observations) -> None:
        for ends, forward, backward, both in found.sums():
            total = self._edges[ends] = _Sum(forward, backward, both_ended=both)
            total.errors.append(
                counted(forward + backward, told.seconds)
                if told.errors is None
                else told.errors.get(ends)
            )
        for reason, rows in ((SELF, found.looping), (GONE, ~(found.owned | found.looping))):
            left = found.pairs.take(rows)
            if len(left):
                client, server = left.ends(0)
                example = f"{client}" if reason is SELF else f"{client} → {server}"
                self._leave(reason, sum(map(math.ceil, left.events.tolist())), example)

    def _attribute(
        self, client: Vertex, server: Vertex, records: int, where: str
    ) -> tuple[WorkloadRef, WorkloadRef] | None:
        if client == server and isinstance(client, PodRef):
            self._leave(SELF, records, f"{where}{client}")
            return None
        if is_anchor(client) and is_anchor(server):
            self._leave(OUTSIDE, records, f"{where}{client} → {server}")
            return None
        owners = self._owner(client), self._owner(server)
        if owners[0] is not None and owners[1] is not None:
            return owners[0], owners[1]
        gone = client if owners[0] is None else server
        reason = GONE if isinstance(gone, PodRef) else ABSENT
        if is_outside(client, server):
            reason = PLACES + reason
        self._leave(reason, records, f"{where}{client} → {server}")
        return None

    def _owner(self, end: Vertex) -> WorkloadRef | None:
        if isinstance(end, WorkloadRef) and is_anchor(end):
            return end
        return self._owners.of(end) if isinstance(end, PodRef) else self._owners.workload(end)

    def _leave(self, reason: str, records: int, example: str) -> None:
        before, first = self._leftovers.get(reason, (0, example))
        self._leftovers[reason] = (before + records, first)


def _single_ended(edges: PodEdges, directory: Directory | None) -> tuple[str, ...]:
    single = edges.take(~edges.both_ended)
    if directory is None or not len(single):
        return ()
    whole = math.fsum(edges.rates.tolist())
    share = math.fsum(single.rates.tolist()) / whole if whole else 0.0
    return (
        f"{len(single)} of {len(edges)} pod pairs ({share:.1%} of the traffic) were reported "
        f"by one end's node only (first: {single[0].client} → {single[0].server}); they count "
        "here, the running operator leaves them out",
    )
