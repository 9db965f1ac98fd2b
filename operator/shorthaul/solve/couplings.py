"""Who exchanges traffic with whom and at which price, arranged for fast changes of one pod.

A uniform link saves `step x clients x servers` in each cell, a local one `step x min(clients x
all servers, servers x all clients)`; both are symmetric. Links that choose servers by zone or node
have a direction and are in `directed`. A link whose both ends a group is part of is a loop for it:
one pod changes both ends at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve.cells import LEVELS, Cells
from shorthaul.solve.problems import Ints, Link, Problem
from shorthaul.units import Routing

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Uniform:
    """The uniform links of one vertex: its neighbours and the coefficient per level."""

    others: Ints
    coefficients: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """The local links of one group: own vertex, other vertex, their sizes, 1 where it is a loop."""

    owns: Ints
    others: Ints
    own_sizes: Ints
    other_sizes: Ints
    shifts: Ints
    coefficients: Ints


def coefficients(link: Link, cells: Cells, sizes: Ints) -> list[int]:
    """What one pair of pods, or one unit of the minimum, saves per level."""
    pairs = int(sizes[link.client]) * int(sizes[link.server])
    return [round(link.weight * step / pairs) for step in steps_of(link, cells)]


def steps_of(link: Link, cells: Cells) -> tuple[float, ...]:
    """What a unit of a link's weight saves per level."""
    if link.prices is None:
        return cells.steps
    return cells.steps_of([price * cells.scale for price in link.prices])


def host_price(link: Link, cells: Cells) -> float:
    """What a unit of a link's weight costs on the host, in cost units."""
    return cells.host if link.prices is None else link.prices[0] * cells.scale


def host_prices(links: Sequence[Link], cells: Cells) -> Floats:
    """What a unit of each link's weight costs on the host, in cost units."""
    found = np.full(len(links), cells.host)
    for index, link in enumerate(links):
        if link.prices is not None:
            found[index] = host_price(link, cells)
    return found


def all_steps(links: Sequence[Link], cells: Cells) -> Floats:
    """What a unit of each link's weight saves per level: (links, levels)."""
    found = np.tile(np.array(cells.steps), (len(links), 1))
    for index, link in enumerate(links):
        if link.prices is not None:
            found[index] = steps_of(link, cells)
    return found


def levels(problem: Problem, cells: Cells) -> list[int]:
    """The levels at which anything is saved."""
    steps = [cells.steps, *(steps_of(link, cells) for link in problem.links if link.prices)]
    return [level for level in range(LEVELS) if any(step[level] > 0 for step in steps)]


def ceiling(link: Link, cells: Cells, sizes: Ints) -> int:
    """What a link costs when nothing is kept in any cell that counts."""
    pairs = int(sizes[link.client]) * int(sizes[link.server])
    at_least = round(link.weight * host_price(link, cells))
    return at_least + pairs * sum(coefficients(link, cells, sizes))


def uniforms(problem: Problem, cells: Cells, sizes: Ints) -> list[Uniform | None]:
    """Per vertex, its uniform links."""
    found: list[dict[int, list[int]]] = [{} for _ in sizes]
    for link in problem.links:
        if link.routing is not Routing.UNIFORM:
            continue
        step = coefficients(link, cells, sizes)
        for own, other in ((link.client, link.server), (link.server, link.client)):
            row = found[own].setdefault(other, [0] * LEVELS)
            found[own][other] = [a + b for a, b in zip(row, step, strict=True)]
    return [
        Uniform(np.array(list(rows), dtype=np.int64), np.array(list(rows.values()), dtype=np.int64))
        if rows
        else None
        for rows in found
    ]


def uniform_loops(problem: Problem, cells: Cells, sizes: Ints) -> list[int]:
    """Per group, what its uniform loops save beyond the two sides taken alone, on any node."""
    touching = _touching(problem, {Routing.UNIFORM})
    return [
        sum(
            sum(coefficients(link, cells, sizes))
            for link in links
            if link.client in group.vertices and link.server in group.vertices
        )
        for group, links in zip(problem.groups, touching, strict=True)
    ]


def locals_(problem: Problem, cells: Cells, sizes: Ints) -> list[Local | None]:
    """Per group, its local links; a loop is listed once."""
    touching = _touching(problem, {Routing.LOCAL})
    found: list[Local | None] = []
    for group, links in zip(problem.groups, touching, strict=True):
        rows = [_local_row(link, group.vertices) for link in links]
        if not rows:
            found.append(None)
            continue
        owns, others, shifts = (
            np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)
        )
        steps = [coefficients(link, cells, sizes) for link in links]
        found.append(
            Local(owns, others, sizes[owns], sizes[others], shifts, np.array(steps, dtype=np.int64))
        )
    return found


def directed(problem: Problem) -> list[list[Link]]:
    """Per group, the links with a direction that it is part of."""
    return _touching(problem, {Routing.ZONE, Routing.NODE})


def _local_row(link: Link, vertices: tuple[int, ...]) -> tuple[int, int, int]:
    if link.client in vertices:
        return link.client, link.server, int(link.server in vertices)
    return link.server, link.client, 0


def _touching(problem: Problem, routings: set[Routing]) -> list[list[Link]]:
    by_vertex: dict[int, list[Link]] = {}
    for link in problem.links:
        if link.routing in routings:
            for end in {link.client, link.server}:
                by_vertex.setdefault(end, []).append(link)
    return [
        list(dict.fromkeys(link for vertex in group.vertices for link in by_vertex.get(vertex, ())))
        for group in problem.groups
    ]
