"""KaHIP's kaffpa: one cut into as many blocks as nodes, then blocks mapped to nodes.

Its Python module has no process mapping. Blocks are of equal size: it knows no capacities.
"""

import kahip
import numpy as np

from benchmarks import pod_graphs, repairs, views
from benchmarks.outcomes import Outcome, Task
from benchmarks.peers import block_mappings

PRECISION = 1e7
IMBALANCE = 0.05
ECO_PODS = 4_000


def place(task: Task) -> Outcome:
    """The repaired cut: eco where the world is small, else the social preset that is quick."""
    view = views.view(task.problem)
    graph = pod_graphs.pod_graph(view, PRECISION)
    offsets, ends, weights = graph.rows()
    preset = kahip.ECO if graph.pods <= ECO_PODS else kahip.FASTSOCIAL
    _, parts = kahip.kaffpa(
        graph.loads.tolist(),
        offsets.tolist(),
        weights.tolist(),
        ends.tolist(),
        len(view.room),
        IMBALANCE,
        True,
        task.cell.trial,
        preset,
    )
    found = np.asarray(parts, dtype=np.int64)
    wishes = block_mappings.mapped(graph, found, view, task.cell.trial)
    preset_name = "eco" if preset == kahip.ECO else "fastsocial"
    return Outcome(task.problem, (repairs.repaired(view, wishes),), {"preset": preset_name})
