"""Louvain communities of services, laid along zones, racks and nodes until each is nearly full."""

import networkx
import numpy as np

from benchmarks import repairs, views
from benchmarks.outcomes import Outcome, Task
from benchmarks.views import View
from shorthaul.solve.problems import Ints

SPARE = 0.08


def place(task: Task) -> Outcome:
    """The repaired next fit of the communities, large ones first."""
    view = views.view(task.problem)
    services = [service for one in _communities(view, task.cell.trial) for service in one]
    rank = np.argsort(np.array(services))
    order = np.argsort(rank[repairs.owners(view)], kind="stable")
    return Outcome(task.problem, (repairs.repaired(view, _next_fit(view, order)),))


def _communities(view: View, seed: int) -> list[list[int]]:
    graph = networkx.Graph()
    graph.add_nodes_from(range(len(view.sizes)))
    rows = np.repeat(np.arange(len(view.sizes)), np.diff(view.offsets))
    graph.add_weighted_edges_from(
        zip(rows.tolist(), view.others.tolist(), view.weights.tolist(), strict=True)
    )
    found = networkx.community.louvain_communities(graph, seed=seed)
    return sorted((sorted(one) for one in found), key=len, reverse=True)


def _next_fit(view: View, order: Ints) -> Ints:
    """The wished node of every pod: the one at hand while a twelfth of it stays free."""
    nodes = np.lexsort((view.levels[0], view.levels[1], view.levels[2]))
    owner = repairs.owners(view)
    wishes, at = np.zeros(len(order), dtype=np.int64), 0
    free = view.room.copy()
    for pod in order.tolist():
        asked = view.requests[owner[pod]]
        while at < len(nodes) - 1 and _full(view, free, int(nodes[at]), asked):
            at += 1
        wishes[pod] = nodes[at]
        free[nodes[at]] -= asked
    return wishes


def _full(view: View, free: Ints, node: int, asked: Ints) -> bool:
    return bool((free[node] - asked < SPARE * view.room[node]).any())
