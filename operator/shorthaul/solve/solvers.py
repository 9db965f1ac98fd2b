"""The border of every solver: a problem in, an assignment out, and how much effort is meant.

The search stops by its own rule. `expired` is asked now and then and only cuts it short; it is the
caller's clock, so that nothing in here knows the time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shorthaul.solve.problems import Assignment, Problem


def never() -> bool:
    """No time limit."""
    return False


def unheard(share: float, cost: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Effort:
    """The seed, the price of a net move in cost units, the most moves, and the caller's clock.

    `tell` is told now and then how much of the search is done and the least cost so far.

    Net moves count interchangeable pods once: the sum over groups and nodes of how many fewer pods
    are there than today.
    """

    seed: int = 0
    move_price: int = 0
    most_moves: int | None = None
    expired: Callable[[], bool] = never
    tell: Callable[[float, int], None] = unheard


Mapper = Callable[
    [Callable[[Effort], Assignment | None], Sequence[Effort]], Iterable[Assignment | None]
]
"""Asks for several efforts, perhaps at the same time; the answers come in the order asked."""


def one_by_one(
    solve: Callable[[Effort], Assignment | None], efforts: Sequence[Effort]
) -> Iterable[Assignment | None]:
    """One effort after the other."""
    return [solve(effort) for effort in efforts]


class Solver(Protocol):
    """Finds a feasible placement that is never worse than today's."""

    def solve(self, problem: Problem, effort: Effort) -> Assignment:
        """The best placement found; the same for the same problem and effort, if not cut short."""
        ...
