"""Both cores for searches that stand side by side."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from shorthaul.solve.problems import Assignment
from shorthaul.solve.solvers import Effort

MOST_CORES = 2


def side_by_side(
    solve: Callable[[Effort], Assignment | None], efforts: Sequence[Effort]
) -> Iterable[Assignment | None]:
    """Two searches at a time where the machine lets us use two cores, in the order asked."""
    with ThreadPoolExecutor(min(MOST_CORES, _cores()), "search") as pool:
        return list(pool.map(solve, efforts))


def _cores() -> int:
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
