"""One problem under several efforts, which the caller may let go on at the same time.

The compiled kernels let go of the interpreter while they work, so threads are enough to use more
cores. Each answer is the one that its effort gets alone, and they come in the order of the efforts:
how many cores there are changes nothing but the time. A solver that remembers is never shared.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort, Mapper, Solver, one_by_one


def solve_all(
    solver: Solver, problem: Problem, efforts: Sequence[Effort], mapper: Mapper = one_by_one
) -> tuple[Assignment | None, ...]:
    """The answers in the order of the efforts; None where time was over before one was begun."""
    progress = _Progress(len(efforts))
    told = [replace(one, tell=progress.of(at, one.tell)) for at, one in enumerate(efforts)]

    def solve(effort: Effort) -> Assignment | None:
        return None if effort.expired() else solver.solve(problem, effort)

    shared = mapper if isinstance(solver, Search) else one_by_one
    return tuple(shared(solve, told))


class _Progress:
    """How much of all the searches is done, and the least cost that any of them has seen."""

    def __init__(self, count: int) -> None:
        self._shares = [0.0] * count
        self._least: int | None = None

    def of(self, at: int, tell: Callable[[float, int], None]) -> Callable[[float, int], None]:
        """What one of the searches tells its progress."""

        def told(share: float, cost: int) -> None:
            self._shares[at] = share
            self._least = cost if self._least is None else min(self._least, cost)
            tell(sum(self._shares) / len(self._shares), self._least)

        return told
