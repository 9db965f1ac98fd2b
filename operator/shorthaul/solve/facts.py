"""What binds a group beside room and traffic, by name, so that two problems can be compared.

Its workload, vertices, requests, the nodes open to it, and its part in every limit. How many pods
that stay each limit counts is left out: whoever came or went is seen by its own name.
"""

from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache

from shorthaul.solve.limits import Groups
from shorthaul.solve.problems import Problem

Facts = tuple[Hashable, ...]
MOST_KEPT = 4


@lru_cache(maxsize=MOST_KEPT)
def facts(problem: Problem) -> Sequence[Facts]:
    """The facts of each group; those of the last few problems are at hand, since each problem is
    compared with the one before and the one after."""
    names = names_of(problem)
    open_to = [row.tobytes() for row in problem.allowed.open]
    roles: list[list[tuple[str | int, ...]]] = [[] for _ in problem.groups]
    hashes: dict[int, int] = {}
    for groups, domains, role in _roles(problem):
        if id(domains) not in hashes:
            hashes[id(domains)] = hash(domains)
        for group in groups:
            roles[group].append((*role, hashes[id(domains)]))
    return [
        (
            group.workload,
            tuple(names[vertex] for vertex in group.vertices),
            problem.requests[index].tobytes(),
            open_to[problem.allowed.classes[index]],
            tuple(sorted(roles[index], key=repr)),
        )
        for index, group in enumerate(problem.groups)
    ]


def names_of(problem: Problem) -> Sequence[Hashable]:
    """What the vertices are called; their numbers where nobody named them."""
    return problem.vertices or range(problem.background.rows)


def _roles(problem: Problem) -> Iterator[tuple[Groups, tuple[int, ...], tuple[str | int, ...]]]:
    """Each part that groups have in a limit, with the limit's own numbers."""
    limits = problem.limits
    for kind, pairs in (("apart", limits.exclusions), ("together", limits.attractions)):
        for pair in pairs:
            yield pair.owners, pair.domains, (kind, "owner")
            yield pair.matched, pair.domains, (kind, "matched")
    for spread in limits.spreads:
        numbers = (spread.skew, spread.fewest)
        yield spread.owners, spread.domains, ("spread", "owner", *numbers)
        yield spread.matched, spread.domains, ("spread", "matched", *numbers)
    for floor in limits.floors:
        yield floor.groups, floor.domains, ("floor", floor.least)
