"""How many pods of a vertex one cell can hold at most, by the limits that name its own pods.

Each limit gives a most per domain; a cell holds as many times that as it has domains. A limit that
is broken today may stay broken as it is, so today's counts are always within. Only limits that
hold every movable pod of a vertex count, and only where every node has a domain; what limits say
of several vertices together is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from shorthaul.solve.limits import Groups, Spread
from shorthaul.solve.problems import Ints, Problem
from shorthaul.solve.standings import Standing

Domains = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cap:
    """At most `most` movable pods of a vertex in each of the domains of the nodes."""

    vertex: int
    domains: Domains
    most: int


def caps(problem: Problem, known: Standing) -> tuple[Cap, ...]:
    """All caps of a problem."""
    arrays: dict[int, Ints] = {}
    found = []
    for groups, domains, most in _limits(problem):
        whole = {
            vertex
            for group in groups
            for vertex in problem.groups[group].vertices
            if known.members[vertex] <= groups
        }
        if not whole:
            continue
        of_node = arrays.setdefault(id(domains), np.array(domains, dtype=np.int64))
        for vertex in sorted(whole):
            today = _largest(problem, known.members[vertex], of_node)
            found.append(Cap(vertex, domains, max(most, today)))
    return tuple(found)


def most_per_cell(found: Sequence[Cap], cell_of_node: Ints, cells: int, sizes: Ints) -> Ints:
    """The most movable pods of each vertex in one cell of a level."""
    most = sizes.copy()
    numbers: dict[int, int] = {}
    for cap in found:
        key = id(cap.domains)
        if key not in numbers:
            numbers[key] = _domains_in_a_cell(cap.domains, cell_of_node, cells)
        if numbers[key]:
            most[cap.vertex] = min(most[cap.vertex], cap.most * numbers[key])
    return most


def _limits(problem: Problem) -> Iterator[tuple[Groups, Domains, int]]:
    """Groups that no domain holds more than so many pods of, together."""
    counts = problem.group_sizes
    for exclusion in problem.limits.exclusions:
        yield exclusion.owners & exclusion.matched, exclusion.domains, 1
    for floor in problem.limits.floors:
        if not any(floor.fixed):
            total = int(counts[sorted(floor.groups)].sum())
            yield floor.groups, floor.domains, max(1, total - floor.least + 1)
    for spread in problem.limits.spreads:
        held = spread.owners & spread.matched
        if held:
            yield held, spread.domains, _of_spread(problem, spread, counts)


def _of_spread(problem: Problem, spread: Spread, counts: Ints) -> int:
    """The most in one domain when all others hold the skew less; today's skew if that is more."""
    of_node = np.array(spread.domains, dtype=np.int64)
    number = int(of_node.max()) + 1
    if number <= 0:
        return int(counts.sum())
    held = np.zeros(number, dtype=np.int64)
    held[: len(spread.fixed)] += np.array(spread.fixed, dtype=np.int64)
    total = int(counts[sorted(spread.matched)].sum()) + sum(spread.fixed)
    for group in spread.matched:
        nodes, amounts = problem.start.row(group)
        inside = of_node[nodes] >= 0
        np.add.at(held, of_node[nodes][inside], amounts[inside])
    if number < spread.fewest:
        return max(spread.skew, int(held.max()))
    skew = max(spread.skew, int(held.max() - held.min()))
    return (total + (number - 1) * skew) // number


def _largest(problem: Problem, groups: Groups, of_node: Ints) -> int:
    """The most pods that groups have in one domain today."""
    held = np.zeros(int(of_node.max(initial=0)) + 1, dtype=np.int64)
    for group in groups:
        nodes, amounts = problem.start.row(group)
        inside = of_node[nodes] >= 0
        np.add.at(held, of_node[nodes][inside], amounts[inside])
    return int(held.max())


def _domains_in_a_cell(domains: Domains, cell_of_node: Ints, cells: int) -> int:
    """The most domains that a cell has; 0 when some node has none, which no cap covers."""
    of_node = np.array(domains, dtype=np.int64)
    if not len(of_node) or (of_node < 0).any():
        return 0
    width = int(of_node.max()) + 1
    keys = np.unique(cell_of_node * np.int64(width) + of_node)
    return int(np.bincount(keys // width, minlength=cells).max())
