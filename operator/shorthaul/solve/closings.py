"""The end of a thorough search: on a tiny world CP-SAT goes on from where the search ended.

There it finds, and proves, packings that single moves and ruins miss; beyond some hundred places
for groups it proves nothing in time, and more turns of ruin find as much as its neighbourhoods do
(decision 0041).
"""

from dataclasses import dataclass

from shorthaul.solve import exact
from shorthaul.solve.problems import ROUNDING, Assignment, Problem
from shorthaul.solve.solvers import Effort

MOST_PLACES = 400


@dataclass(frozen=True, slots=True, eq=False)
class Closed:
    """The better of two placements, and a cost that none is below; 0 where nothing is proven."""

    assignment: Assignment
    lower: float


def fits(problem: Problem) -> bool:
    """Whether a problem is tiny, CP-SAT can say what it costs, and is installed."""
    places = len(problem.groups) * len(problem.nodes)
    return 0 < places <= MOST_PLACES and exact.fit(problem) and exact.available()


def close(problem: Problem, effort: Effort, found: Assignment, work: float) -> Closed:
    """What a search found or better, with so much deterministic work of CP-SAT.

    The price of a move is paid from the bound for every pod, so that it holds for the cost alone;
    within a budget of moves nothing is proven about all placements.
    """
    if found.limited or not fits(problem):
        return Closed(found, 0.0)
    optimum = exact.solve(problem, effort, found.counts, work=work)
    assert optimum is not None
    pods = int(problem.start.amounts.sum())
    lower = optimum.lower - effort.move_price * pods / problem.scale
    saved = _paid(problem, effort, found) - _paid(problem, effort, optimum.assignment)
    better = saved > ROUNDING // 2
    best = Assignment(
        optimum.assignment.counts if better else found.counts,
        optimum.assignment.cost if better else found.cost,
        tries=found.tries,
    )
    return Closed(best, max(0.0, lower) if effort.most_moves is None else 0.0)


def _paid(problem: Problem, effort: Effort, found: Assignment) -> int:
    return found.cost + effort.move_price * found.counts.left_from(problem.start)
