"""The solver under test, behind the few calls that the bench makes: the one place to plug in.

What the solver finds is asked for here and nowhere else in the bench; problems and counts are only
values. An entry point that is not there yet is skipped with a reason, and the goals that need it
are reported as not measured.
"""

import importlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks import joint_routings
from benchmarks.outcomes import Skipped
from shorthaul.solve import bounds, choices, joint_searches, replans, searches
from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.solvers import Effort, Solver, never

ENGINE_VARIABLE = "SHORTHAUL_BENCH_ENGINE"
DEFAULT_ENGINE = "shorthaul.plan.requests:SOLVER"


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one call may use: its seed, net moves, the price of one, and seconds.

    `quick` only divides and descends; `search` are settings of the search by name.
    """

    seed: int = 0
    most_moves: int | None = None
    move_price: int = 0
    seconds: float | None = None
    quick: bool = False
    search: Mapping[str, float] = field(default_factory=dict)


def solver() -> Solver:
    """The engine: `module:name` of the variable, or the one that the operator uses."""
    module, name = os.environ.get(ENGINE_VARIABLE, DEFAULT_ENGINE).split(":")
    named = getattr(importlib.import_module(module), name)
    found: Solver = named() if isinstance(named, type) else named
    return found


def solve(problem: Problem, budget: Budget) -> Assignment:
    """One plan from the problem's start."""
    return _set(solver(), budget).solve(problem, _effort(budget))


def _set(found: Solver, budget: Budget) -> Solver:
    """The solver with the settings that were asked for."""
    if not budget.quick and not budget.search:
        return found
    if not isinstance(found, searches.Search):
        raise Skipped("the engine has no such settings")
    settings: dict[str, Any] = {
        name: value if name == "heat" else int(value) for name, value in budget.search.items()
    }
    if "turns" in settings:
        turns = settings.pop("turns")
        settings.update(turns_per_pod=0, least_turns=turns, most_turns=turns)
    return replace(searches.QUICK if budget.quick else found, **settings)


def frontier(problem: Problem, most_moves: Sequence[int], budget: Budget) -> list[Assignment]:
    """The best plan for each number of moves, in one sweep where the engine has one."""
    found = []
    for moves in most_moves:
        found.append(solve(problem, replace(budget, most_moves=moves)))
    return found


def plan_jointly(
    problem: Problem, most_moves: int, most_load: float, budget: Budget, pod_turns: int
) -> tuple[Problem, Assignment]:
    """A plan with the routing of each Service (told by the problem's links), within a load."""
    if not joint_searches.fits(problem):
        raise Skipped("the kernels were not built, or links into a server are routed differently")
    effort = _effort(replace(budget, most_moves=most_moves))
    return joint_routings.plan(problem, effort, most_load, pod_turns)


class Replanner:
    """What is asked again and again about a cluster that changes a little: what the operator asks,
    which remembers its answers; or, for rates that stay as they are, arrays kept for one problem.
    """

    def __init__(self, problem: Problem, budget: Budget, *, arrays: bool) -> None:
        self._memory = choices.remembering_solver()
        self._budget = budget
        self._kept: replans.Replanner | None = None
        self.settled = self.plan(problem)
        settled = replace(problem, start=self.settled.counts)
        if arrays:
            self._kept = replans.Replanner(settled, budget.seed)

    def plan(self, problem: Problem) -> Assignment:
        """A plan from a start that differs a little from the last one."""
        if self._kept is not None:
            return self._kept.replan(problem.start, self._budget.move_price)
        return self._memory.solve(problem, _effort(self._budget))


def bound(problem: Problem, rounds: int | None, turns: int) -> tuple[float, str]:
    """The certificate: no plan costs less, and how that is known."""
    found = bounds.lower_bound(problem, bounds.Work(rounds, turns))
    return found.value, found.method


def _effort(budget: Budget) -> Effort:
    if budget.seconds is None:
        return Effort(budget.seed, budget.move_price, budget.most_moves, never)
    end = time.perf_counter() + budget.seconds
    return Effort(
        budget.seed, budget.move_price, budget.most_moves, lambda: time.perf_counter() >= end
    )
