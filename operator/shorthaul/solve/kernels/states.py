"""Makes a state from a placement, and reads placements out of states."""

import numpy as np

from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels.dice import seeded
from shorthaul.solve.kernels.layouts import Ints, Model, Narrow, State
from shorthaul.solve.kernels.library import Kernels, count_pods
from shorthaul.solve.problems import Problem
from shorthaul.solve.sparse_counts import SparseCounts

LOG = 8192
QUEUE = 2048


def places_of(counts: SparseCounts) -> Narrow:
    """The node of each pod, group by group, in order of node."""
    return np.repeat(counts.nodes.astype(np.int32), counts.amounts)


def counts_of(m: Model, places: Narrow, nodes: int) -> SparseCounts:
    """The counts of a placement of single pods."""
    first = np.append(m.group[:, at.FIRST], len(places))
    return count_pods(first, places.copy(), nodes)


def state(problem: Problem, m: Model, counts: Ints, seed: int) -> tuple[State, Kernels]:
    """Today's placement as a state; `counts` is what stays in each domain of each tally."""
    pods, nodes, rows = len(m.group_of), len(problem.nodes), m.row.shape[0]
    columns = int(m.kept[:, 2].max()) if len(m.kept) else 0
    dense = int((m.row[:, at.R_DENSE] >= 0).sum()) * nodes
    made = State(
        place=np.full(pods, -1, dtype=np.int32),
        best=places_of(problem.start),
        head=np.full(nodes, -1, dtype=np.int32),
        chain=np.full((pods, 2), -1, dtype=np.int32),
        host=np.zeros((_listed(m, problem), 4), dtype=np.int32),
        held=np.zeros((rows, 3), dtype=np.int64),
        dense=np.zeros(dense, dtype=np.int32),
        wide=np.zeros((problem.background.rows, columns + 1), dtype=np.int32),
        free=problem.room.T.copy(order="C"),
        loose=np.zeros((nodes, len(problem.resources)), dtype=np.int64),
        counts=counts.copy(),
        start=counts.copy(),
        tallied=np.zeros((len(m.tally), 2), dtype=np.int64),
        lifted=np.zeros(len(m.group) + len(m.limit), dtype=np.int64),
        newcomers=np.zeros(nodes, dtype=np.int64),
        now=np.zeros(at.NOW, dtype=np.int64),
        dice=seeded(seed),
        log=np.zeros((LOG, 3), dtype=np.int32),
        gain=np.zeros(nodes, dtype=np.int64),
        seen=np.zeros(nodes, dtype=np.int64),
        spots=np.zeros(nodes, dtype=np.int32),
        cell_gain=np.zeros(max(1, columns), dtype=np.int64),
        cell_seen=np.zeros(max(1, columns), dtype=np.int64),
        cell_mark=np.zeros(max(1, columns), dtype=np.int64),
        queue=np.zeros(QUEUE, dtype=np.int32),
    )
    owners, fixed = problem.background.pod_owners(), problem.background.pod_nodes()
    found = Kernels(m, made)
    found.begin(owners, fixed.astype(np.int64), vertex_rows(problem, m))
    return made, found


def vertex_rows(problem: Problem, m: Model) -> Ints:
    """The row of each vertex that has links."""
    found = np.zeros(problem.background.rows, dtype=np.int64)
    found[m.link[:, at.L_CLIENT]] = m.link[:, at.L_CLIENT_ROW]
    found[m.link[:, at.L_SERVER]] = m.link[:, at.L_SERVER_ROW]
    return found


def _listed(m: Model, problem: Problem) -> int:
    last = int(m.row[:, at.R_OFFSET].max(initial=0))
    return last + 2 * len(m.group_of) + len(problem.nodes) + 1
