"""A placement to begin with: the traffic graph divided top down, matched to who is where already.

Regions, zones, racks and hosts in turn: each cell's pods are divided among the cells inside it so
that little traffic is cut, in proportion to their room, and the parts are given to the cells that
hold most of their pods today. Constraints are not known here; whoever puts the pods down sees to
them.
"""

from dataclasses import replace

import numpy as np

from shorthaul.solve import pod_sizes, runs
from shorthaul.solve.cells import LEVELS, Cells
from shorthaul.solve.lumps import Chunks, Lumps, Pairs, chunks, pairs
from shorthaul.solve.partitions import Floats, Graph, split
from shorthaul.solve.problems import Ints, Problem

Present = tuple[Ints, Ints, int]
Where = tuple[Ints, Floats, Present]
FINENESS = 2.0**20
ALIKE = 0.15
MOST_AT_ONCE = 2**18


def targets(problem: Problem, shape: Cells, seed: int) -> Lumps:
    """For every node, how many pods of each talking group are bound for it.

    A level that divides no further is left out; so the last cells, one for each node, may be racks.
    """
    sizes, rooms = _sizes(problem), _rooms(problem)
    talk = pairs(problem)
    talks = np.unique(np.concatenate([talk.one, talk.other]))
    found = Lumps(np.zeros(len(talks), dtype=np.int64), talks, problem.group_sizes[talks])
    parents = np.zeros(len(problem.nodes), dtype=np.int64)
    for level in range(LEVELS - 1, -1, -1):
        children = shape.of_node[:, level] - shape.starts[level]
        if len(np.unique(children)) > len(np.unique(parents)):
            found = _divided(problem, found, talk, (parents, children), (sizes, rooms, seed))
            parents = children
    node_of = np.zeros(len(problem.nodes), dtype=np.int64)
    node_of[parents] = np.arange(len(problem.nodes))
    return replace(found, cells=node_of[found.cells])


def _sizes(problem: Problem) -> Ints:
    """The size of a pod of each group."""
    shares = pod_sizes.shares(problem.requests, problem.room)
    pods = int(problem.group_sizes.sum())
    found: Ints = np.maximum(1, np.rint(shares * pods * FINENESS / 64)).astype(np.int64)
    return found


def _rooms(problem: Problem) -> Floats:
    """What each node holds in the same measure, less where fewer pods may go."""
    shares = (problem.room.clip(min=0) / pod_sizes.totals(problem.room)[:, None]).mean(axis=0)
    weight = problem.group_sizes.astype(np.float64)
    of_class = np.bincount(
        problem.allowed.classes, weights=weight, minlength=len(problem.allowed.open)
    )
    welcome = of_class @ problem.allowed.open / max(1.0, weight.sum())
    pods = weight.sum()
    found: Floats = shares * welcome * pods * FINENESS / 64
    return found


def _divided(
    problem: Problem,
    lumps: Lumps,
    talk: Pairs,
    cells: tuple[Ints, Ints],
    given: tuple[Ints, Floats, int],
) -> Lumps:
    """The lumps of each cell divided among the cells inside it."""
    (parents, children), (sizes, rooms, seed) = cells, given
    of_child: Floats = np.bincount(children, weights=rooms).astype(np.float64)
    parent_of = np.zeros(len(of_child), dtype=np.int64)
    parent_of[children] = parents
    inside: list[Ints] = [
        np.flatnonzero(parent_of == cell).astype(np.int64) for cell in range(int(parents.max()) + 1)
    ]
    typical = np.array([of_child[here].mean() if len(here) else 0.0 for here in inside])
    made = chunks(lumps, talk, sizes, typical)
    cell_of = lumps.cells[made.lump]
    present = _present(problem, children, len(of_child))
    found = np.zeros(len(made.lump), dtype=np.int64)
    order = np.argsort(cell_of, kind="stable")
    ends = runs.starts(cell_of[order], len(inside))
    head_cell = cell_of[made.graph.heads]
    edges = np.argsort(head_cell, kind="stable")
    edge_ends = runs.starts(head_cell[edges], len(inside))
    place = np.zeros(len(made.lump), dtype=np.int64)
    for cell, here in enumerate(inside):
        own = order[ends[cell] : ends[cell + 1]]
        if not len(own):
            continue
        place[own] = np.arange(len(own))
        mine = edges[edge_ends[cell] : edge_ends[cell + 1]]
        graph = Graph(
            made.graph.sizes[own],
            place[made.graph.heads[mine]],
            place[made.graph.tails[mine]],
            made.graph.weights[mine],
        )
        parts = split(graph, np.maximum(of_child[here], 1e-9), seed)
        found[own] = _matched(parts, own, made, lumps, (here, of_child, present))
    return _gathered(found, lumps.groups[made.lump], made.counts)


def _present(problem: Problem, children: Ints, number: int) -> Present:
    """Pods of each (group, cell) today: sorted keys and amounts."""
    start = problem.start
    keys, inverse = np.unique(start.owners() * number + children[start.nodes], return_inverse=True)
    amounts = np.bincount(inverse, weights=start.amounts).astype(np.int64)
    return keys, amounts, number


def _matched(parts: Ints, own: Ints, made: Chunks, lumps: Lumps, where: Where) -> Ints:
    """The cell of each chunk: parts go to cells of like room that hold most of their pods."""
    here, of_child, present = where
    groups = lumps.groups[made.lump[own]]
    size = len(here)
    overlap = _overlap(parts, groups, made.counts[own], here, present)
    room = of_child[here]
    alike = np.abs(room[:, None] - room[None, :]) <= ALIKE * np.maximum(room[:, None], 1e-9)
    overlap = np.where(alike, overlap + 1e-9, -1.0)
    overlap[np.arange(size), np.arange(size)] += 1e-6
    chosen = np.full(size, -1, dtype=np.int64)
    taken = np.zeros(size, dtype=np.bool_)
    left = size
    for at in np.argsort(-overlap, axis=None, kind="stable").tolist():
        part, column = divmod(at, size)
        if left == 0 or overlap[part, column] < 0:
            break
        if chosen[part] < 0 and not taken[column]:
            chosen[part], taken[column] = column, True
            left -= 1
    chosen[chosen < 0] = np.flatnonzero(~taken)
    return here[chosen[parts]]


def _overlap(parts: Ints, groups: Ints, counts: Ints, here: Ints, present: Present) -> Floats:
    """How many pods of each part (rows) each cell holds today; some cells at a time."""
    keys, amounts, number = present
    size, step = len(here), max(1, MOST_AT_ONCE // max(1, len(parts)))
    found = np.zeros((size, size), dtype=np.float64)
    for first in range(0, size if len(keys) else 0, step):
        some = here[first : first + step]
        wanted = groups[:, None] * number + some[None, :]
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        held = np.where(keys[at] == wanted, np.minimum(amounts[at], counts[:, None]), 0)
        places = parts[:, None] * len(some) + np.arange(len(some))
        sums = np.bincount(places.ravel(), held.ravel(), size * len(some))
        found[:, first : first + step] = sums.reshape(size, -1)
    return found


def _gathered(cells: Ints, groups: Ints, counts: Ints) -> Lumps:
    """Chunks of the same group in the same cell as one lump."""
    width = int(groups.max(initial=0)) + 1
    keys, inverse = np.unique(cells * width + groups, return_inverse=True)
    summed = np.bincount(inverse, weights=counts).astype(np.int64)
    return Lumps(keys // width, keys % width, summed)


def pod_targets(problem: Problem, found: Lumps) -> Ints:
    """The node for each pod, -1 where any will do: as many as can be stay where they are."""
    start, width = problem.start, len(problem.nodes)
    order = np.argsort(found.groups, kind="stable")
    bound, nodes, counts = found.groups[order], found.cells[order], found.counts[order]
    here = start.owners() * width + start.nodes
    staying = np.zeros(len(here), dtype=np.int64)
    _, mine, theirs = np.intersect1d(
        here, bound * width + nodes, assume_unique=True, return_indices=True
    )
    staying[mine] = np.minimum(start.amounts[mine], counts[theirs])
    counts[theirs] -= staying[mine]
    owners = start.pod_owners()
    stays = runs.ranks(start.amounts) < np.repeat(staying, start.amounts)
    made = np.where(stays, start.pod_nodes(), -1).astype(np.int64)
    loose = np.flatnonzero(~stays)
    free = np.bincount(owners[loose], minlength=start.rows)
    asked = np.bincount(bound, weights=counts, minlength=start.rows).astype(np.int64)
    going = runs.ranks(free) < np.repeat(asked, free)
    taken = runs.ranks(asked) < np.repeat(free, asked)
    made[loose[going]] = np.repeat(nodes, counts)[taken]
    return made
