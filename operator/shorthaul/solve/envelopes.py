"""What each vertex could ever do in one cell of a level: the loose truth that bounds rest on.

Every number is generous: room is what the pods that stay leave or what movable pods take today,
whichever is more, in the roomiest cell that the vertex may be in; a vertex asks for as little as
its smallest pod; a limit that is broken today is taken as broken. So a bound built on these is
below every placement that a plan could reach. All is per vertex, nothing per vertex and node.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shorthaul.solve import caps, standings
from shorthaul.solve.cells import Cells
from shorthaul.solve.problems import Bools, Ints, Problem
from shorthaul.solve.standings import Standing


@dataclass(frozen=True, slots=True, eq=False)
class Vertices:
    """What holds at every level: sizes, least requests, the kind of reach of each vertex.

    `open` is (kinds, nodes): vertices whose groups have the same classes of reach are one kind.
    """

    standing: Standing
    requests: Ints
    kinds: Ints
    open: Bools
    room: Ints
    caps: tuple[caps.Cap, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """For one level and vertex: the most pods in a cell, of them that stay, and the room there.

    `most` and `fixed` are (vertices,), `requests` and `room` (vertices, resources).
    """

    sizes: Ints
    most: Ints
    fixed: Ints
    requests: Ints
    room: Ints


def vertices(problem: Problem, known: Standing) -> Vertices:
    """Looks at each vertex alone."""
    kinds: dict[frozenset[int], int] = {}
    classes = problem.allowed.classes.tolist()
    of_vertex = [
        kinds.setdefault(frozenset(classes[group] for group in groups), len(kinds))
        for groups in known.members
    ]
    reach = np.zeros((len(kinds), len(problem.nodes)), dtype=np.bool_)
    for held, kind in kinds.items():
        for one in held:
            reach[kind] |= problem.allowed.open[one]
    return Vertices(
        known,
        _requests(problem, known),
        np.array(of_vertex, dtype=np.int64),
        reach,
        _room(problem),
        caps.caps(problem, known),
    )


def envelope(of: Vertices, shape: Cells, level: int) -> Envelope:
    """What holds at one level."""
    known, cell_of_node, number = of.standing, *cells_of(shape, level)
    fixed = standings.largest(known.staying, cell_of_node, number, len(known.sizes))
    movable = caps.most_per_cell(of.caps, cell_of_node, number, known.sizes)
    return Envelope(
        known.sizes,
        np.minimum(known.sizes, movable + fixed),
        fixed,
        of.requests,
        _roomiest(of, cell_of_node, number),
    )


def rooms(of: Vertices, shape: Cells, level: int) -> Ints:
    """The room of every cell of a level (cells, resources)."""
    cell_of_node, number = cells_of(shape, level)
    found = np.zeros((number, len(of.room)), dtype=np.int64)
    np.add.at(found, cell_of_node, of.room.T)
    return found


def meeting(of: Vertices, shape: Cells, level: int, ends: Sequence[tuple[int, int]]) -> Bools:
    """Whether some cell may hold pods of both ends; in doubt it may."""
    cell_of_node, number = cells_of(shape, level)
    within = np.zeros((number, len(of.open)), dtype=np.bool_)
    np.logical_or.at(within, cell_of_node, of.open.T)
    kinds = np.array([of.kinds[[*pair]] for pair in ends], dtype=np.int64).reshape(-1, 2)
    pairs, inverse = np.unique(kinds, axis=0, return_inverse=True)
    both = np.array([(within[:, one] & within[:, other]).any() for one, other in pairs])
    found: Bools = both[inverse.reshape(-1)]
    for index in np.flatnonzero(~found).tolist():
        found[index] = _meet(of, within, cell_of_node, ends[index])
    return found


def cells_of(shape: Cells, level: int) -> tuple[Ints, int]:
    """The cell of every node at a level, from 0, and how many there are."""
    start, end = shape.starts[level], shape.starts[level + 1]
    return shape.of_node[:, level] - start, end - start


def _meet(of: Vertices, within: Bools, cell_of_node: Ints, ends: tuple[int, int]) -> bool:
    """With where the pods of both are today."""
    entries = of.standing.entries
    one, other = (within[:, of.kinds[vertex]].copy() for vertex in ends)
    for vertex, cells in zip(ends, (one, other), strict=True):
        cells[cell_of_node[entries.nodes[entries.vertices == vertex]]] = True
    return bool((one & other).any())


def _requests(problem: Problem, known: Standing) -> Ints:
    """The least that a movable pod of a vertex asks of each resource."""
    found = np.zeros((len(known.members), len(problem.resources)), dtype=np.int64)
    for vertex, groups in enumerate(known.members):
        if groups:
            found[vertex] = problem.requests[sorted(groups)].min(axis=0)
    return found


def _room(problem: Problem) -> Ints:
    """What movable pods may take on each node (resources, nodes)."""
    taken = np.zeros(problem.room.shape, dtype=np.int64)
    start = problem.start
    rows = start.owners()
    for resource in range(len(problem.resources)):
        asked = problem.requests[rows, resource] * start.amounts
        np.add.at(taken[resource], start.nodes, asked)
    found: Ints = np.maximum(np.maximum(problem.room, 0), taken)
    return found


def _roomiest(of: Vertices, cell_of_node: Ints, number: int) -> Ints:
    """By resource, the most room of the cells that a vertex may be in."""
    found = np.zeros((len(of.kinds), len(of.room)), dtype=np.int64)
    entries = of.standing.entries
    for resource, row in enumerate(of.room):
        cells = np.zeros(number, dtype=np.int64)
        np.add.at(cells, cell_of_node, row)
        of_node = cells[cell_of_node]
        by_kind = np.where(of.open, of_node, 0).max(axis=1, initial=0)
        found[:, resource] = by_kind[of.kinds]
        np.maximum.at(found[:, resource], entries.vertices, of_node[entries.nodes])
    return found
