"""From a measurement of one window to a volume: pods become workloads, and nothing is lost.

Amounts are rounded to whole bytes. A pair of pods whose workloads are known is kept beside their
edge, since it tells how far the traffic really goes. What names nobody, or a pod or workload that
is not in the cluster, is left with its bytes, by reason.
"""

from dataclasses import dataclass, field

from shorthaul.telemetry.prometheus.measurements import Measurement
from shorthaul.traffic.anchors import is_anchor
from shorthaul.traffic.attribution import GONE, SELF
from shorthaul.traffic.graphs import Vertex
from shorthaul.traffic.identities import Directory
from shorthaul.traffic.owners import Owners
from shorthaul.traffic.volumes import Ends, Left, PodEnds, Sent, Volume, gathered, whole
from shorthaul.units import PodRef, WorkloadRef

NO_WORKLOAD = "a workload is not in the cluster"


def volume_of(
    found: Measurement, start_seconds: int, directory: Directory, *, complete: bool
) -> Volume:
    """What one window's answers say between workloads of the cluster as it is now."""
    sums = _Sums(Owners(directory, {}))
    for source, destination, amount in found.pairs:
        sums.add(source, destination, whole(amount))
    refused = [Left(reason, 0, rows) for reason, rows in found.refused.items()]
    nobody = [Left(each.reason, whole(each.amount), each.rows) for each in found.unattributed]
    return Volume(
        start_seconds=start_seconds,
        seconds=found.asked_seconds,
        edges=dict(sorted(sums.edges.items())),
        pairs=dict(sorted(sums.pairs.items())),
        owners=dict(sorted(sums.known.items())),
        leftovers=gathered((*sums.left, *refused, *nobody)),
        complete=complete,
    )


@dataclass(slots=True)
class _Sums:
    owners: Owners
    edges: dict[Ends, Sent] = field(default_factory=dict)
    pairs: dict[PodEnds, Sent] = field(default_factory=dict)
    known: dict[PodRef, WorkloadRef] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    def add(self, source: Vertex, destination: Vertex, amount: int) -> None:
        example = f"{source} → {destination}"
        if source == destination and isinstance(source, PodRef):
            self.left.append(Left(SELF, amount, 1, example))
            return
        sender, receiver = self._owner(source), self._owner(destination)
        if sender is None or receiver is None:
            unknown = source if sender is None else destination
            reason = GONE if isinstance(unknown, PodRef) else NO_WORKLOAD
            self.left.append(Left(reason, amount, 1, example))
            return
        sent = Sent(amount)
        self.edges[sender, receiver] = self.edges.get((sender, receiver), Sent(0)).plus(sent)
        if isinstance(source, PodRef) and isinstance(destination, PodRef):
            self.known |= {source: sender, destination: receiver}
            pods = (source, destination)
            self.pairs[pods] = self.pairs.get(pods, Sent(0)).plus(sent)

    def _owner(self, end: Vertex) -> WorkloadRef | None:
        if isinstance(end, PodRef):
            return self.owners.of(end)
        return end if is_anchor(end) else self.owners.workload(end)
