"""METIS, from the top: zones, then racks, then nodes, each split in proportion to capacity."""

import numpy as np
import pymetis

from benchmarks import pod_graphs, repairs, views
from benchmarks.outcomes import Outcome, Task
from benchmarks.pod_graphs import PodGraph
from benchmarks.views import View
from benchmarks.worlds import Floats
from shorthaul.solve.problems import Ints

PRECISION = 1e9
FEW_PARTS = 30
RECURSIVE_PARTS = 8


def place(task: Task) -> Outcome:
    """The repaired hierarchical partition."""
    view = views.view(task.problem)
    wishes = mapped(pod_graphs.pod_graph(view, PRECISION), view, task.cell.trial)
    return Outcome(task.problem, (repairs.repaired(view, wishes),))


def mapped(graph: PodGraph, view: View, seed: int) -> Ints:
    """The wished node of every pod."""
    wishes = np.zeros(graph.pods, dtype=np.int64)
    _descend(graph, np.arange(graph.pods), np.arange(len(view.room)), 2, (view, seed, wishes))
    return wishes


def _descend(
    graph: PodGraph, pods: Ints, nodes: Ints, level: int, given: tuple[View, int, Ints]
) -> None:
    """Splits pods over the groups of a level, and each part over the level below."""
    view, seed, wishes = given
    groups = np.unique(view.levels[level][nodes])
    capacity = pod_graphs.shares(view)[nodes]
    inside = view.levels[level][nodes]
    parts = split(graph, np.array([capacity[inside == group].sum() for group in groups]), seed)
    for index, group in enumerate(groups.tolist()):
        chosen = np.flatnonzero(parts == index)
        below = nodes[inside == group]
        if len(below) == 1:
            wishes[pods[chosen]] = below[0]
        else:
            _descend(graph.within(chosen), pods[chosen], below, level - 1, given)


def split(graph: PodGraph, capacity: Floats, seed: int) -> Ints:
    """The part of each pod, parts in proportion to capacity."""
    number = len(capacity)
    if number == 1 or graph.pods == 0:
        return np.zeros(graph.pods, dtype=np.int64)
    if graph.pods <= number:
        return np.arange(graph.pods) % number
    offsets, ends, weights = graph.rows()
    tolerance = 30 if number < FEW_PARTS else 100
    _, parts = pymetis.part_graph(
        number,
        xadj=offsets.astype(np.int32),
        adjncy=ends.astype(np.int32),
        vweights=graph.loads.astype(np.int32),
        eweights=weights.astype(np.int32),
        tpwgts=(capacity / capacity.sum()).astype(np.float32).tolist(),
        recursive=number <= RECURSIVE_PARTS,
        options=pymetis.Options(seed=seed, ufactor=tolerance),
    )
    return np.asarray(parts, dtype=np.int64)
