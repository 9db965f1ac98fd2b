"""One problem under several efforts, on two cores where the solver keeps nothing between calls.

The compiled kernels let go of the interpreter while they work, so threads are enough. Each answer
is the one that its effort gets alone, and they come in the order of the efforts: how many cores
there are changes nothing but the time.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock

from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort, Solver

MOST_CORES = 2


def solve_all(
    solver: Solver, problem: Problem, efforts: Sequence[Effort]
) -> tuple[Assignment | None, ...]:
    """The answers in the order of the efforts; None where time was over before one was begun."""
    progress = _Progress(len(efforts))
    told = [replace(one, tell=progress.of(at, one.tell)) for at, one in enumerate(efforts)]

    def solve(effort: Effort) -> Assignment | None:
        return None if effort.expired() else solver.solve(problem, effort)

    cores = _cores() if isinstance(solver, Search) else 1
    if cores == 1 or len(told) < 2:
        return tuple(map(solve, told))
    with ThreadPoolExecutor(cores, "search") as pool:
        return tuple(pool.map(solve, told))


def _cores() -> int:
    """How many of this machine's cores may be used."""
    allowed = getattr(os, "sched_getaffinity", None)
    return min(MOST_CORES, len(allowed(0)) if allowed else os.cpu_count() or 1)


class _Progress:
    """How much of all the searches is done, and the least cost that any of them has seen."""

    def __init__(self, count: int) -> None:
        self._shares = [0.0] * count
        self._least: int | None = None
        self._lock = Lock()

    def of(self, at: int, tell: Callable[[float, int], None]) -> Callable[[float, int], None]:
        """What one of the searches tells its progress."""

        def told(share: float, cost: int) -> None:
            with self._lock:
                self._shares[at] = share
                self._least = cost if self._least is None else min(self._least, cost)
                tell(sum(self._shares) / len(self._shares), self._least)

        return told
