"""Optima of tiny worlds by CP-SAT, as solvers tell them.

The heuristics and the bounds are tested against it, and `closings` ends thorough searches with it.
Same problem and work, same answer: one worker, a fixed seed and a limit in deterministic time.
Links that choose servers by zone or node are no sum over cells, so problems with such links are
refused with None.
"""

import importlib.util
from dataclasses import dataclass, replace

from shorthaul.solve import bounds, standings
from shorthaul.solve.cells import cells
from shorthaul.solve.exact_models import COARSENESS, Model
from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.solvers import Effort
from shorthaul.solve.sparse_counts import SparseCounts, from_dense
from shorthaul.units import Routing

WORK = 20.0
NO_PRICE = Effort()


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The best placement found, what no cost with its moves paid for is below, and whether the two
    are the same."""

    assignment: Assignment
    lower: float
    proven: bool


def solve(
    problem: Problem,
    effort: Effort = NO_PRICE,
    near: SparseCounts | None = None,
    *,
    work: float = WORK,
) -> Optimum | None:
    """The optimum of a tiny problem, or the best found with so much deterministic work.

    Of `effort` the price of a move, the most moves and the seed are asked; it begins near a
    placement, or near today's. `lower` allows for the rounding of the model.
    """
    if not fit(problem):
        return None
    model = Model(problem, effort, (near or problem.start).dense())
    counts, bound, proven = model.run(work, effort.seed)
    placed = from_dense(counts)
    there = replace(problem, start=placed)
    shape = cells(there)
    cost = float(standings.todays_costs(there, shape, standings.standing(there)).sum())
    paid = cost + effort.move_price * placed.left_from(problem.start)
    slack = model.rounding * COARSENESS + 1e-9 * bounds.farthest(problem)
    lower = max(0.0, min(paid, bound - slack)) / problem.scale
    return Optimum(Assignment(placed, round(cost), not proven), lower, proven)


def available() -> bool:
    """Whether CP-SAT is installed."""
    return importlib.util.find_spec("ortools") is not None


def fit(problem: Problem) -> bool:
    """Whether the cost of a problem is a sum over cells, as the model has it."""
    return not any(link.routing in (Routing.ZONE, Routing.NODE) for link in problem.links)
