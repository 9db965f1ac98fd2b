"""Links as the kernels want them: coefficients per level, and what each end of them sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve.cells import Cells
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.problems import Ints, Link, Problem
from shorthaul.units import TIERS, Routing

KINDS = {
    Routing.UNIFORM: at.UNIFORM,
    Routing.LOCAL: at.LOCAL,
    Routing.ZONE: at.ZONE,
    Routing.NODE: at.NODE,
}
PULL_SCALE = 2**20
# A link from one of its ends: (link, own, other, shift, role), see layouts.
Seen = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """The link table, the prices of directed ones, and what kinds there are."""

    table: Ints
    price: NDArray[np.float64]

    @property
    def directed(self) -> bool:
        """Whether any link chooses servers by zone or node."""
        return bool((self.table[:, at.L_KIND] > at.LOCAL).any())


def link_table(problem: Problem, cells: Cells, sizes: Ints, rows: Ints) -> Links:
    """All links with their costs; `rows` is the row of each vertex."""
    number = len(problem.links)
    table = np.zeros((number, at.LINK_COLUMNS), dtype=np.int64)
    clients = np.array([link.client for link in problem.links], dtype=np.int64)
    servers = np.array([link.server for link in problem.links], dtype=np.int64)
    weights = np.array([link.weight for link in problem.links], dtype=np.float64)
    table[:, at.L_KIND] = [KINDS[link.routing] for link in problem.links]
    table[:, at.L_CLIENT], table[:, at.L_SERVER] = clients, servers
    table[:, at.L_CLIENT_ROW], table[:, at.L_SERVER_ROW] = rows[clients], rows[servers]
    table[:, at.L_CLIENT_SIZE], table[:, at.L_SERVER_SIZE] = sizes[clients], sizes[servers]
    pairs = sizes[clients] * sizes[servers]
    even = table[:, at.L_KIND] <= at.LOCAL
    prices = _prices(problem)
    steps = np.tile(np.array(cells.steps), (number, 1))
    for index, link in enumerate(problem.links):
        if link.prices is not None:
            steps[index] = cells.steps_of(prices[index].tolist())
    found = np.rint(weights[:, None] * steps / pairs[:, None]).astype(np.int64)
    table[:, at.L_COEFFICIENT : at.L_COEFFICIENT + at.LEVELS] = np.where(even[:, None], found, 0)
    least = np.rint(weights * prices[:, 0]).astype(np.int64)
    coefficients = table[:, at.L_COEFFICIENT : at.L_COEFFICIENT + at.LEVELS]
    table[:, at.L_CEILING] = least + pairs * coefficients.sum(axis=1)
    return Links(table, (weights / np.maximum(1, sizes[clients]))[:, None] * prices)


def _prices(problem: Problem) -> NDArray[np.float64]:
    """What a unit of each link's weight costs per tier, in cost units."""
    usual = [problem.pricing.tiers[tier] for tier in TIERS]
    prices = np.tile(np.array(usual), (len(problem.links), 1))
    for index, link in enumerate(problem.links):
        if link.prices is not None:
            prices[index] = link.prices
    return prices * problem.scale


def entries(
    problem: Problem, links: Links, rows: Ints
) -> tuple[Ints, list[tuple[int, int]], list[int]]:
    """Per group what its links look like from its end: the table, each group's range, and what one
    of its pods' traffic costs at most."""
    of_vertex = _of_vertices(problem, len(rows))
    found: list[Seen] = []
    ranges, ranks = [], []
    known: dict[tuple[int, ...], list[Seen]] = {}
    for group in problem.groups:
        if len(group.vertices) == 1:
            mine = of_vertex[group.vertices[0]]
        else:
            if group.vertices not in known:
                known[group.vertices] = _seen(problem, of_vertex, group.vertices)
            mine = known[group.vertices]
        ranges.append((len(found), len(found) + len(mine)))
        found += mine
    made = _table(links, rows, found)
    farthest = links.price[:, -1] * links.table[:, at.L_CLIENT_SIZE]
    shares = farthest[made[:, at.LINK]] / np.maximum(1, made[:, at.OWN_SIZE])
    sums = np.concatenate([[0.0], np.cumsum(shares)])
    for first, end in ranges:
        ranks.append(int(sums[end] - sums[first]))
    return made, ranges, ranks


def _of_vertices(problem: Problem, number: int) -> list[list[Seen]]:
    """What the links of each vertex look like from there; a uniform loop from both ends."""
    found: list[list[Seen]] = [[] for _ in range(number)]
    for index, link in enumerate(problem.links):
        client, server = link.client, link.server
        if client != server:
            found[client].append((index, client, server, 0, at.CLIENT))
            found[server].append((index, server, client, 0, at.SERVER))
        else:
            found[client] += _inside(index, link)
    return found


def _inside(index: int, link: Link) -> list[Seen]:
    """A link of which a group has both ends."""
    client, server = link.client, link.server
    if link.routing is not Routing.UNIFORM:
        return [(index, client, server, 1, at.BOTH)]
    return [(index, client, server, 0, at.CLIENT), (index, server, client, 0, at.SERVER)]


def _seen(problem: Problem, of_vertex: list[list[Seen]], vertices: tuple[int, ...]) -> list[Seen]:
    """What the links of a group of several vertices look like."""
    found: list[Seen] = []
    passed: set[int] = set()
    for one in (one for vertex in vertices for one in of_vertex[vertex]):
        link = problem.links[one[0]]
        if link.client in vertices and link.server in vertices:
            found += [] if one[0] in passed else _inside(one[0], link)
            passed.add(one[0])
        else:
            found.append(one)
    return found


def _table(links: Links, rows: Ints, seen: list[Seen]) -> Ints:
    made = np.zeros((len(seen), at.ENTRY_COLUMNS), dtype=np.int64)
    if not seen:
        return made
    index, own, other, shift, role = np.array(seen, dtype=np.int64).T
    table = links.table
    made[:, at.KIND], made[:, at.LINK] = table[index, at.L_KIND], index
    made[:, at.OWN], made[:, at.OTHER] = own, other
    made[:, at.OWN_ROW], made[:, at.OTHER_ROW] = rows[own], rows[other]
    made[:, at.SHIFT], made[:, at.ROLE] = shift, role
    client = own == table[index, at.L_CLIENT]
    sizes = table[index, at.L_CLIENT_SIZE], table[index, at.L_SERVER_SIZE]
    made[:, at.OWN_SIZE] = np.where(client, *sizes)
    made[:, at.OTHER_SIZE] = np.where(client, sizes[1], sizes[0])
    for level in range(at.LEVELS):
        made[:, at.COEFFICIENT + level] = table[index, at.L_COEFFICIENT + level]
    farthest = links.price[index, -1] * table[index, at.L_CLIENT_SIZE]
    largest = max(float(farthest.max()), 1e-300)
    made[:, at.PULL] = np.maximum(1, np.rint(farthest / largest * PULL_SCALE))
    return made
