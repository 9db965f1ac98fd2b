"""Mt-KaHyPar's mapping onto the tree of zones, racks and nodes, with the Steiner objective.

The target must be a graph of nodes alone, so every pair of nodes is an edge as long as their
distance. A block is a node here, so each has the node's own capacity. It has no time limit of its
own; the cell's limit ends it.
"""

import mtkahypar
import numpy as np

from benchmarks import pod_graphs, repairs, views
from benchmarks.outcomes import Outcome, Task
from benchmarks.peers import mtkahypar_cuts
from benchmarks.pod_graphs import PodGraph
from benchmarks.views import View
from benchmarks.worlds import Floats
from shorthaul.solve.problems import Ints


def place(task: Task) -> Outcome:
    """The repaired mapping."""
    view = views.view(task.problem)
    graph = pod_graphs.pod_graph(view, mtkahypar_cuts.PRECISION)
    library = mtkahypar_cuts.initialized()
    mtkahypar.set_seed(task.cell.trial)
    context = library.context_from_preset(mtkahypar.PresetType.DEFAULT)
    context.set_mapping_parameters(len(view.room), mtkahypar_cuts.IMBALANCE)
    context.set_individual_target_block_weights(_most(view, graph).tolist())
    context.logging = False
    distances = _distances(view)
    ones, others = np.triu_indices(len(view.room), 1)
    edges = np.stack([ones, others], axis=1).tolist()
    lengths = distances[ones, others].astype(np.int64).tolist()
    target = library.create_target_graph(context, len(view.room), len(edges), edges, lengths)
    found = mtkahypar_cuts.made(library, context, graph).map_onto_graph(target, context)
    wishes = mtkahypar_cuts.blocks(found, graph.pods)
    return Outcome(task.problem, (repairs.repaired(view, wishes),))


def _most(view: View, graph: PodGraph) -> Ints:
    """The most that each block may weigh."""
    shares = pod_graphs.shares(view) * (1 + mtkahypar_cuts.IMBALANCE)
    found: Ints = np.ceil(shares * graph.loads.sum() + graph.loads.max()).astype(np.int64)
    return found


def _distances(view: View) -> Floats:
    """Between every pair of nodes; the steps of the levels that they do not share."""
    found = np.zeros((len(view.room), len(view.room)))
    for level, step in zip(view.levels, view.steps.tolist(), strict=True):
        found += step * (level[:, None] != level[None, :])
    return found
