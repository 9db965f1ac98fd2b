"""The solver under test, behind the few calls that the bench makes: the one place to plug in.

What the solver finds is asked for here and nowhere else in the bench; problems and counts are only
values. An entry point that is not there yet is skipped with a reason, and the goals that need it
are reported as not measured.
"""

import importlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.outcomes import Skipped
from shorthaul.solve import bounds, replans
from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.solvers import Effort, Solver, never

ENGINE_VARIABLE = "SHORTHAUL_BENCH_ENGINE"
DEFAULT_ENGINE = "shorthaul.plan.requests:SOLVER"


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one call may use: its seed, net moves, the price of one, and seconds."""

    seed: int = 0
    most_moves: int | None = None
    move_price: int = 0
    seconds: float | None = None


def solver() -> Solver:
    """The engine: `module:name` of the variable, or the one that the operator uses."""
    module, name = os.environ.get(ENGINE_VARIABLE, DEFAULT_ENGINE).split(":")
    named = getattr(importlib.import_module(module), name)
    found: Solver = named() if isinstance(named, type) else named
    return found


def solve(problem: Problem, budget: Budget) -> Assignment:
    """One plan from the problem's start."""
    return solver().solve(problem, _effort(budget))


def frontier(problem: Problem, most_moves: Sequence[int], budget: Budget) -> list[Assignment]:
    """The best plan for each number of moves, in one sweep where the engine has one."""
    found = []
    for moves in most_moves:
        one = Budget(budget.seed, moves, budget.move_price, budget.seconds)
        found.append(solve(problem, one))
    return found


def joint(
    problem: Problem, most_moves: int, most_load: float, budget: Budget
) -> tuple[Problem, Assignment]:
    """A plan with the routing of each Service (told by the problem's links), within a load."""
    raise Skipped("the engine plans no routing together with the moves yet")


class Replanner:
    """What the operator keeps between cycles: made once for a settled state, asked many times."""

    def __init__(self, settled: Problem) -> None:
        self._kept = replans.Replanner(settled)

    def plan(self, problem: Problem, budget: Budget) -> Assignment:
        """A plan from a start that differs a little."""
        return self._kept.replan(problem.start, budget.move_price)


def bound(problem: Problem) -> tuple[float, str]:
    """The certificate: no plan costs less, and how that is known."""
    found = bounds.lower_bound(problem)
    return found.value, found.method


def _effort(budget: Budget) -> Effort:
    if budget.seconds is None:
        return Effort(budget.seed, budget.move_price, budget.most_moves, never)
    end = time.perf_counter() + budget.seconds
    return Effort(
        budget.seed, budget.move_price, budget.most_moves, lambda: time.perf_counter() >= end
    )
