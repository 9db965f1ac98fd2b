"""Mt-KaHyPar's cut into as many blocks as nodes, then blocks mapped to nodes.

Blocks are of equal size, since a block is not a certain node yet. With the option `large_k` the
preset for many blocks is taken. It uses two threads, and is not the same from run to run.
"""

from typing import Any

import mtkahypar
import numpy as np

from benchmarks import pod_graphs, repairs, views
from benchmarks.outcomes import Outcome, Task
from benchmarks.peers import block_mappings
from benchmarks.pod_graphs import PodGraph
from shorthaul.solve.problems import Ints

PRECISION = 1e7
IMBALANCE = 0.05
THREADS = 2
_MADE: list[Any] = []


def place(task: Task) -> Outcome:
    """The repaired cut."""
    view = views.view(task.problem)
    graph = pod_graphs.pod_graph(view, PRECISION)
    library = initialized()
    mtkahypar.set_seed(task.cell.trial)
    presets = mtkahypar.PresetType
    preset = presets.LARGE_K if task.cell.option("large_k", 0) else presets.DEFAULT
    context = library.context_from_preset(preset)
    context.set_partitioning_parameters(len(view.room), IMBALANCE, mtkahypar.Objective.CUT)
    context.logging = False
    parts = blocks(made(library, context, graph).partition(context), graph.pods)
    wishes = block_mappings.mapped(graph, parts, view, task.cell.trial)
    return Outcome(task.problem, (repairs.repaired(view, wishes),))


def initialized() -> Any:
    """The library's handle; it can be made once per process only."""
    if not _MADE:
        _MADE.append(mtkahypar.initialize(THREADS))
    return _MADE[0]


def made(library: Any, context: Any, graph: PodGraph) -> Any:
    """The library's form of a graph."""
    edges = np.stack([graph.ones, graph.others], axis=1).tolist()
    return library.create_graph(
        context, graph.pods, len(edges), edges, graph.loads.tolist(), graph.weights.tolist()
    )


def blocks(partitioned: Any, pods: int) -> Ints:
    """The block of every pod."""
    return np.array([partitioned.block_id(pod) for pod in range(pods)], dtype=np.int64)
