"""What is left of the groups in each cell while they are divided top down, and its traffic graph.

A lump is some pods of one group bound for one cell. Before a cell is divided its lumps are cut into
chunks that are small against the cells inside it; chunks of two groups that talk are joined: all
with all where traffic is spread evenly, aligned end to end where it is kept near.
"""

from dataclasses import dataclass

import numpy as np

from shorthaul.solve.partitions import Floats, Graph
from shorthaul.solve.problems import Ints, Problem
from shorthaul.units import Routing

CHUNKS_PER_CELL = 6
MOST_CHUNKS = 64
MOST_PAIRS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Groups that talk: their indices, the weight between them, and whether it is spread evenly."""

    one: Ints
    other: Ints
    weights: Floats
    even: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Lumps:
    """Pods of a group bound for a cell: three columns of equal length."""

    cells: Ints
    groups: Ints
    counts: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Chunks:
    """Pieces of lumps, and the graph of their traffic; `lump` is where each comes from."""

    lump: Ints
    counts: Ints
    graph: Graph


def pairs(problem: Problem) -> Pairs:
    """The traffic between movable groups; a vertex of several groups shares it by their pods."""
    members: list[list[int]] = [[] for _ in range(problem.background.rows)]
    for index, group in enumerate(problem.groups):
        for vertex in group.vertices:
            members[vertex].append(index)
    sizes = problem.sizes
    found = []
    for link in problem.links:
        for one in members[link.client]:
            for other in members[link.server]:
                if one != other:
                    both = len(problem.groups[one].pods) * len(problem.groups[other].pods)
                    weight = link.weight * both / float(sizes[link.client] * sizes[link.server])
                    found.append((one, other, weight, int(link.routing is Routing.UNIFORM)))
    table = np.array(found, dtype=np.float64).reshape(-1, 4)
    numbers = table.astype(np.int64)
    return Pairs(numbers[:, 0], numbers[:, 1], table[:, 2], numbers[:, 3])


def chunks(lumps: Lumps, talk: Pairs, sizes: Ints, rooms: Floats) -> Chunks:
    """Cuts lumps so that a chunk is small against a cell inside its own.

    `sizes` is the size of a pod of each group; `rooms` what the cells inside each cell hold.
    """
    each = np.maximum(1, rooms[lumps.cells] / CHUNKS_PER_CELL / np.maximum(1, sizes[lumps.groups]))
    number = np.ceil(lumps.counts / each).astype(np.int64)
    number = np.minimum(np.minimum(number, lumps.counts), MOST_CHUNKS)
    lump = np.repeat(np.arange(len(number)), number)
    first = np.concatenate([[0], np.cumsum(number)])
    place = np.arange(len(lump)) - first[lump]
    total, parts = lumps.counts[lump], number[lump]
    counts = (place + 1) * total // parts - place * total // parts
    heads, tails, weights = _edges(lumps, talk, number, first)
    graph = Graph(counts * sizes[lumps.groups[lump]], heads, tails, weights)
    return Chunks(lump, counts, graph)


def _edges(lumps: Lumps, talk: Pairs, number: Ints, first: Ints) -> tuple[Ints, Ints, Floats]:
    """Edges between chunks of lumps in the same cell."""
    one, other, which = _meetings(lumps, talk)
    if not len(which):
        return one, other, np.zeros(0)
    share = lumps.counts[one] / _totals(lumps)[one] * lumps.counts[other] / _totals(lumps)[other]
    weights = talk.weights[which] * np.where(talk.even[which] > 0, share, np.sqrt(share))
    mine, others = number[one], number[other]
    even = (talk.even[which] > 0) & (mine * others <= MOST_PAIRS)
    repeats = np.where(even, mine * others, np.maximum(mine, others))
    edge = np.repeat(np.arange(len(which)), repeats)
    place = np.arange(len(edge)) - np.concatenate([[0], np.cumsum(repeats)])[edge]
    head = np.where(even[edge], place // others[edge], place * mine[edge] // repeats[edge])
    tail = np.where(even[edge], place % others[edge], place * others[edge] // repeats[edge])
    return first[one[edge]] + head, first[other[edge]] + tail, weights[edge] / repeats[edge]


def _totals(lumps: Lumps) -> Ints:
    """Of each lump, the pods of its group in all cells."""
    sums = np.bincount(lumps.groups, weights=lumps.counts)
    found: Ints = sums[lumps.groups].astype(np.int64)
    return found


def _meetings(lumps: Lumps, talk: Pairs) -> tuple[Ints, Ints, Ints]:
    """Every two lumps in one cell whose groups talk, and which pair of groups that is."""
    order = np.argsort(lumps.groups, kind="stable")
    groups = lumps.groups[order]
    begin = np.searchsorted(groups, talk.one)
    number = np.searchsorted(groups, talk.one, side="right") - begin
    which = np.repeat(np.arange(len(talk.one)), number)
    place = np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
    ones = order[place + begin[which]]
    width = int(lumps.groups.max(initial=0)) + 1
    keys = lumps.cells * width + lumps.groups
    sorted_by_key = np.argsort(keys, kind="stable")
    wanted = lumps.cells[ones] * width + np.minimum(talk.other[which], width - 1)
    at = np.searchsorted(keys[sorted_by_key], wanted)
    at = np.minimum(at, len(keys) - 1)
    found = sorted_by_key[at]
    here = (keys[found] == wanted) & (talk.other[which] < width)
    return ones[here], found[here], which[here]
