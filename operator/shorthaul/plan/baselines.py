"""Which windows of traffic a promise is later held against: those that show today's pods.

What a window says of pods that have been replaced since cannot be measured any more, and would be
missing from the volume that the gain is counted at. So the baseline begins where nearly all of
today's pods of the workloads to be moved were there already, and a plan waits until there are
enough such windows, as it would else be judged by the traffic of the moves before it.
"""

import math
from collections.abc import Sequence

from shorthaul.api.podmoves import PodMove, workload_of
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.plan.views import Terms, View
from shorthaul.traffic.graphs import TrafficGraph
from shorthaul.units import WorkloadRef

SETTLED_SHARE = 0.9
MOST_WINDOWS = 10


def settled(
    graphs: Sequence[TrafficGraph], view: View, workloads: frozenset[WorkloadRef]
) -> tuple[TrafficGraph, ...]:
    """The newest windows that began after the workloads' pods had come to where they are."""
    since = _since(view, workloads)
    found = [graph for graph in graphs if graph.end_seconds - graph.seconds >= since]
    return tuple(found[-MOST_WINDOWS:])


def too_few(windows: int, terms: Terms) -> Reason | None:
    """Why a plan has to wait for more windows of today's pods."""
    if windows >= terms.verification_windows:
        return None
    return Reason(
        "Settling",
        f"pods to be moved were replaced lately: {windows} of {terms.verification_windows} windows "
        "of traffic seen since, which the gain is to be measured against",
    )


def volume(average: TrafficGraph, snapshot: Snapshot, workloads: frozenset[WorkloadRef]) -> float:
    """The traffic of some workloads in the map that is planned with, gone pods' included."""
    return math.fsum(
        edge.rate
        for edge in average.edges
        if {snapshot.workload_of(edge.client), snapshot.workload_of(edge.server)} & workloads
    )


def _since(view: View, workloads: frozenset[WorkloadRef]) -> float:
    """From when on no workload had more than a tenth of its pods to come, nor a move to end."""
    births: dict[WorkloadRef, list[float]] = {}
    for pod in view.snapshot.pods.values():
        if pod.workload in workloads and pod.active:
            births.setdefault(pod.workload, []).append(pod.created_seconds)
    grown = [_quantile(sorted(found)) for found in births.values()]
    landed = [_finished(move) for move in view.moves if workload_of(move) in workloads]
    return max((*grown, *landed), default=0.0)


def _quantile(births: Sequence[float]) -> float:
    """The creation time of the pod that completes the settled share."""
    return births[math.ceil(SETTLED_SHARE * len(births)) - 1]


def _finished(move: PodMove) -> float:
    if move.status.started_at is None or move.status.finished_at is None:
        return 0.0
    return move.status.finished_at.timestamp()
