"""Where the pods of each traffic vertex are today: what bounds and exact models start from.

Entries are sparse: one per vertex and node that holds some of its pods, those that may move apart
from those that stay. `todays_costs` prices every link there without any table of vertices x nodes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve import couplings, runs
from shorthaul.solve.cells import LEVELS, Cells
from shorthaul.solve.directed import DirectedLink
from shorthaul.solve.limits import Groups
from shorthaul.solve.members import members, pairs
from shorthaul.solve.problems import Ints, Link, Problem
from shorthaul.units import TIERS, Routing

Floats = NDArray[np.float64]
DIRECTED = (Routing.ZONE, Routing.NODE)


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """So many pods of a vertex on a node; a pair may be there more than once."""

    vertices: Ints
    nodes: Ints
    amounts: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """The size and the groups of each vertex, and its pods on nodes."""

    sizes: Ints
    members: tuple[Groups, ...]
    moving: Entries
    staying: Entries

    @property
    def entries(self) -> Entries:
        """Both kinds of pods."""
        both = zip(_columns(self.moving), _columns(self.staying), strict=True)
        return Entries(*(np.concatenate(pair) for pair in both))


def standing(problem: Problem) -> Standing:
    """Today's pods by vertex."""
    moving = _moving(problem, *pairs(problem))
    stays = problem.background
    staying = Entries(stays.owners(), stays.nodes, stays.amounts)
    sizes = np.zeros(stays.rows, dtype=np.int64)
    for entries in (moving, staying):
        np.add.at(sizes, entries.vertices, entries.amounts)
    groups = tuple(frozenset(one) for one in members(problem).lists())
    return Standing(sizes, groups, moving, staying)


def _moving(problem: Problem, owners: Ints, parts: Ints) -> Entries:
    start = problem.start
    lengths = np.diff(start.offsets)[parts]
    where = runs.spans(start.offsets[parts], lengths)
    return Entries(np.repeat(owners, lengths), start.nodes[where], start.amounts[where])


def per_cell(entries: Entries, cell_of_node: Ints, cells: int) -> tuple[Ints, Ints]:
    """Sorted keys vertex * cells + cell, and how many pods each has."""
    keys, inverse = np.unique(
        entries.vertices * np.int64(cells) + cell_of_node[entries.nodes], return_inverse=True
    )
    amounts = np.zeros(len(keys), dtype=np.int64)
    np.add.at(amounts, inverse, entries.amounts)
    return keys, amounts


def largest(entries: Entries, cell_of_node: Ints, cells: int, vertices: int) -> Ints:
    """The most pods that each vertex has in one cell."""
    keys, amounts = per_cell(entries, cell_of_node, cells)
    found = np.zeros(vertices, dtype=np.int64)
    np.maximum.at(found, keys // max(1, cells), amounts)
    return found


def todays_costs(problem: Problem, shape: Cells, known: Standing) -> Floats:
    """What each link costs today, in cost units."""
    links = problem.links
    weights = np.array([link.weight for link in links], dtype=np.float64)
    found: Floats = couplings.host_prices(links, shape) * weights
    steps = couplings.all_steps(links, shape)
    for level in range(LEVELS):
        if (steps[:, level] > 0).any():
            kept = _kept(links, shape.of_node[:, level], shape.number, known)
            found += steps[:, level] * weights * (1.0 - kept)
    for index, cost in _directed(problem, shape, known):
        found[index] = cost
    return found


def _kept(links: tuple[Link, ...], cell_of_node: Ints, cells: int, known: Standing) -> Floats:
    """The share of each link's traffic inside a cell; means nothing for directed links."""
    keys, amounts = per_cell(known.entries, cell_of_node, cells)
    starts = runs.starts(keys, len(known.sizes), cells)
    clients = np.array([link.client for link in links], dtype=np.int64)
    servers = np.array([link.server for link in links], dtype=np.int64)
    lengths = np.diff(starts)[clients]
    rows, at = runs.owners(lengths), runs.spans(starts[clients], lengths)
    wanted = keys[at] % cells + servers[rows] * np.int64(cells)
    place = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
    other = np.where(keys[place] == wanted, amounts[place], 0) if len(keys) else wanted
    ours, theirs = known.sizes[clients], known.sizes[servers]
    uniform = np.array([link.routing is not Routing.LOCAL for link in links], dtype=np.bool_)
    shared = np.where(
        uniform[rows],
        amounts[at] * other,
        np.minimum(amounts[at] * theirs[rows], other * ours[rows]),
    )
    total = np.zeros(len(links), dtype=np.int64)
    np.add.at(total, rows, shared)
    shares: Floats = total / np.maximum(1, ours * theirs)
    return shares


def _directed(problem: Problem, shape: Cells, known: Standing) -> Iterator[tuple[int, float]]:
    """The cost of each link whose servers are chosen by zone or node, by its index."""
    chosen = [i for i, link in enumerate(problem.links) if link.routing in DIRECTED]
    if not chosen:
        return
    tiers = tuple(problem.pricing.tiers[tier] for tier in TIERS)
    entries = known.entries
    order = np.argsort(entries.vertices, kind="stable")
    starts = runs.starts(entries.vertices[order], len(known.sizes))
    for index in chosen:
        link = problem.links[index]
        rows = []
        for vertex in (link.client, link.server):
            row = np.zeros(len(problem.nodes), dtype=np.int64)
            part = order[starts[vertex] : starts[vertex + 1]]
            np.add.at(row, entries.nodes[part], entries.amounts[part])
            rows.append(row)
        servers = np.zeros(shape.number, dtype=np.int64)
        for level in range(LEVELS):
            np.add.at(servers, shape.of_node[:, level], rows[1])
        prices = tuple(price * problem.scale for price in link.prices or tiers)
        made = DirectedLink(index, link, shape, known.sizes, prices)
        yield index, float(made.costs(rows[0][None, :], servers[None, :])[0])


def _columns(entries: Entries) -> tuple[Ints, Ints, Ints]:
    return entries.vertices, entries.nodes, entries.amounts
