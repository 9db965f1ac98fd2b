"""What the ends of a link could ever do in one cell: the loose truth that bounds rest on.

Every number is generous: room is what the pods that stay leave or what movable pods take today,
whichever is more; a vertex asks for as little as its smallest pod; a limit that is broken today is
taken as broken. So a bound built on these is below every placement that a plan could reach.
"""

from dataclasses import dataclass

import numpy as np

from shorthaul.solve.cells import Cells
from shorthaul.solve.limits import Groups
from shorthaul.solve.problems import Bools, Ints, Problem


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """Per vertex: size, groups, least request, cells it may be in and what it holds there at most.

    `possible` and `most` and `fixed` are (vertices, cells); `room` is (resources, cells).
    """

    sizes: Ints
    groups: tuple[Groups, ...]
    requests: Ints
    possible: Bools
    most: Ints
    fixed: Ints
    room: Ints


def envelope(problem: Problem, cells: Cells) -> Envelope:
    """Looks at each vertex alone."""
    members = _members(problem)
    background, today = problem.background.dense(), problem.start.dense()
    fixed = cells.spread(background)
    start = background.copy()
    for vertex, groups in enumerate(members):
        start[vertex] += today[sorted(groups)].sum(axis=0)
    possible = _possible(problem, members, start)
    sizes = problem.sizes
    return Envelope(
        sizes,
        members,
        _requests(problem, members),
        cells.spread(possible.astype(np.int64)) > 0,
        _most(problem, cells, members, possible, start),
        fixed,
        _room(problem, cells),
    )


def _members(problem: Problem) -> tuple[Groups, ...]:
    found: list[set[int]] = [set() for _ in range(problem.background.rows)]
    for index, group in enumerate(problem.groups):
        for vertex in group.vertices:
            found[vertex].add(index)
    return tuple(frozenset(groups) for groups in found)


def _possible(problem: Problem, members: tuple[Groups, ...], start: Ints) -> Bools:
    found: Bools = start > 0
    for vertex, groups in enumerate(members):
        for group in groups:
            found[vertex] |= problem.allowed.row(group)
    return found


def _requests(problem: Problem, members: tuple[Groups, ...]) -> Ints:
    """The least that a movable pod of a vertex asks of each resource."""
    found = np.zeros((len(members), len(problem.resources)), dtype=np.int64)
    for vertex, groups in enumerate(members):
        if groups:
            found[vertex] = problem.requests[sorted(groups)].min(axis=0)
    return found


def _room(problem: Problem, cells: Cells) -> Ints:
    """What movable pods may take in a cell."""
    taken = problem.requests.T @ problem.start.dense()
    return cells.spread(np.maximum(np.maximum(problem.room, 0), taken))


def _most(
    problem: Problem, cells: Cells, members: tuple[Groups, ...], possible: Bools, start: Ints
) -> Ints:
    """The most pods of a vertex in each cell: floors, and those that repel their own kind."""
    sizes = problem.sizes
    per_host = sizes.copy()
    for vertex, groups in enumerate(members):
        if groups:
            per_host[vertex] = _host_limit(problem, groups, int(sizes[vertex]))
    at_hosts = np.where(possible, np.maximum(per_host[:, None], start), 0)
    return np.minimum(cells.spread(at_hosts), sizes[:, None])


def _host_limit(problem: Problem, groups: Groups, size: int) -> int:
    """What floors and repulsion of its own kind leave a vertex whose pods may all move."""
    hosts = tuple(range(len(problem.nodes)))
    limit = size
    if sum(len(problem.groups[group].pods) for group in groups) < size:
        return limit
    for floor in problem.limits.floors:
        if floor.domains == hosts and groups == floor.groups and not any(floor.fixed):
            limit = min(limit, size - floor.least + 1)
    for exclusion in problem.limits.exclusions:
        alone = len(set(exclusion.domains)) == len(hosts) and -1 not in exclusion.domains
        if alone and groups <= exclusion.owners & exclusion.matched:
            limit = min(limit, 1)
    return limit
