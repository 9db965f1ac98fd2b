"""The solver: descent, and ruin and recreate, over compiled kernels.

It begins with today's placement and never leaves what the constraints allow. Without a limit of
moves it descends and then ruins and recreates under a threshold that falls by the turn. With one,
the price of a move falls from where nothing moves until the limit binds, so that moves go to what
gains most, and the search goes on at the price found there. All is integers and draws from the
seed, and it stops by counts of turns: same problem and effort, same assignment.
"""

from dataclasses import dataclass

import numpy as np

from shorthaul.solve.engine import UNLIMITED, Engine
from shorthaul.solve.kernels.layouts import Ints, Narrow
from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.solvers import Effort

SWEEPS = 12
ENOUGH = 200
STAGES = 64
COOLING = 0.003
HEAT = 0.008
PRICE_STEPS = 14
PRICE_RATIO = 0.6
CHUNKS = 16
BLINK = 20


@dataclass(frozen=True, slots=True)
class Search:
    """How long it searches: turns for each pod that talks, within bounds; pods lifted at a time."""

    turns_per_pod: int = 25
    least_turns: int = 1500
    most_turns: int = 40_000
    hand: int = 100

    def solve(self, problem: Problem, effort: Effort) -> Assignment:
        """The best placement found within the rules and the budget of moves."""
        return _Run(problem, effort, self).result()


class _Run:
    """One search: the engine, and the best placement so far."""

    def __init__(self, problem: Problem, effort: Effort, settings: Search) -> None:
        self._engine = Engine(problem, effort.seed)
        self._effort = effort
        self._settings = settings
        self._most = UNLIMITED if effort.most_moves is None else effort.most_moves
        self._limited = False
        self._best = self._engine.places()
        self._best_objective = self._engine.objective(effort.move_price)

    def result(self) -> Assignment:
        """Searches, and returns the best."""
        engine = self._engine
        if len(engine.talking) and self._most > 0:
            if self._most < len(engine.model.group_of):
                self._within_budget()
            else:
                self._descend(self._effort.move_price)
                self._anneal(self._turns(), self._effort.move_price)
        engine.go_to(self._best)
        return Assignment(engine.counts(), engine.cost, self._limited)

    def _within_budget(self) -> None:
        """Lets the price of a move fall until the budget binds, then searches at that price."""
        engine, lowest = self._engine, self._effort.move_price
        price = engine.cost // max(1, min(self._most, len(engine.talking)))
        turns = self._turns() // (2 * PRICE_STEPS)
        kept = engine.places()
        for _ in range(4 * PRICE_STEPS):
            kept = engine.places()
            self._descend(price, capped=False)
            if engine.moved > self._most or price <= lowest or self._out_of_time():
                break
            self._anneal(turns, price)
            price = max(lowest, round(price * PRICE_RATIO))
        if engine.moved > self._most:
            engine.go_to(kept)
            self._descend(price)
        self._anneal(self._turns(), price)
        self._descend(lowest)

    def _descend(self, price: int, *, capped: bool = True) -> None:
        """Moves single pods to where they cost least until next to none gains."""
        engine = self._engine
        most = self._most if capped else UNLIMITED
        for _ in range(SWEEPS):
            before = engine.objective(price)
            changed = engine.sweep(engine.talking, price, most)
            if self._out_of_time() or changed * ENOUGH < len(engine.talking):
                break
            if engine.objective(price) >= before:
                break
        self._note()

    def _anneal(self, turns: int, price: int) -> None:
        """Ruins and recreates under a falling threshold, from here; ends in the best it found."""
        engine = self._engine
        heats = self._heats()
        each = STAGES // CHUNKS
        best, least = engine.places(), engine.objective(price)
        for chunk in range(CHUNKS):
            part = heats[chunk * each : (chunk + 1) * each]
            found = engine.ruin(
                max(1, turns // CHUNKS),
                price,
                part,
                most=self._most,
                size=self._settings.hand,
                blink=BLINK,
            )
            if found < least:
                best, least = engine.best(), found
            if self._out_of_time():
                break
        engine.go_to(best)
        self._note()

    def _heats(self) -> Ints:
        """What is forgiven, stage by stage, in cost units."""
        pods = len(self._engine.talking)
        first = HEAT * self._engine.problem.scale * self._weight() * min(1.0, 1600 / pods)
        found: Ints = np.geomspace(first, first * COOLING, STAGES).astype(np.int64)
        return found

    def _weight(self) -> float:
        """All traffic over the longest tier, in the objective's unit."""
        problem = self._engine.problem
        farthest = max(problem.pricing.tiers.values())
        return sum(link.weight for link in problem.links) * farthest

    def _turns(self) -> int:
        settings = self._settings
        wanted = settings.turns_per_pod * len(self._engine.talking)
        return min(max(settings.least_turns, wanted), settings.most_turns)

    def _note(self) -> None:
        """Keeps this placement if it is the best within the budget."""
        engine = self._engine
        objective = engine.objective(self._effort.move_price)
        if engine.moved <= self._most and objective < self._best_objective:
            self._best: Narrow = engine.places()
            self._best_objective = objective

    def _out_of_time(self) -> bool:
        self._limited = self._limited or self._effort.expired()
        return self._limited
