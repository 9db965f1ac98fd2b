"""What is left of the groups in each cell while they are divided top down, and its traffic graph.

A lump is some pods of one group bound for one cell. Before a cell is divided its lumps are cut into
chunks that are small against the cells inside it; chunks of two groups that talk are joined: all
with all where traffic is spread evenly, aligned end to end where it is kept near.
"""

from dataclasses import dataclass

import numpy as np

from shorthaul.solve import runs
from shorthaul.solve.members import members
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
    of_vertex = members(problem)
    first, member = of_vertex.first, of_vertex.groups
    links = problem.links
    client = np.array([link.client for link in links], dtype=np.int64)
    server = np.array([link.server for link in links], dtype=np.int64)
    weight = np.array([link.weight for link in links], dtype=np.float64)
    even = np.array([link.routing is Routing.UNIFORM for link in links], dtype=np.int64)
    servers = first[server + 1] - first[server]
    repeats = (first[client + 1] - first[client]) * servers
    edge, place = runs.owners(repeats), runs.ranks(repeats)
    one = member[first[client[edge]] + place // servers[edge]]
    other = member[first[server[edge]] + place % servers[edge]]
    pods = problem.group_sizes
    sizes = np.asarray(problem.sizes, dtype=np.int64)
    ends = sizes[client[edge]] * sizes[server[edge]]
    shared = weight[edge] * (pods[one] * pods[other]) / ends
    found = one != other
    return Pairs(one[found], other[found], shared[found], even[edge][found])


def chunks(lumps: Lumps, talk: Pairs, sizes: Ints, rooms: Floats) -> Chunks:
    """Cuts lumps so that a chunk is small against a cell inside its own.

    `sizes` is the size of a pod of each group; `rooms` what the cells inside each cell hold.
    """
    each = np.maximum(1, rooms[lumps.cells] / CHUNKS_PER_CELL / np.maximum(1, sizes[lumps.groups]))
    number = np.ceil(lumps.counts / each).astype(np.int64)
    number = np.minimum(np.minimum(number, lumps.counts), MOST_CHUNKS)
    lump, place, first = runs.owners(number), runs.ranks(number), runs.begins(number)
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
    edge, place = runs.owners(repeats), runs.ranks(repeats)
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
    which = runs.owners(number)
    ones = order[runs.spans(begin, number)]
    width = int(lumps.groups.max(initial=0)) + 1
    keys = lumps.cells * width + lumps.groups
    sorted_by_key = np.argsort(keys, kind="stable")
    wanted = lumps.cells[ones] * width + np.minimum(talk.other[which], width - 1)
    at = np.searchsorted(keys[sorted_by_key], wanted)
    at = np.minimum(at, len(keys) - 1)
    found = sorted_by_key[at]
    here = (keys[found] == wanted) & (talk.other[which] < width)
    return ones[here], found[here], which[here]
