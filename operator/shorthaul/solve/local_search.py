"""Local search over counts: descent, then ruin and recreate under a falling threshold.

It starts from today's placement and never leaves what the constraints allow. Pods that talk to each
other are lifted together and put back greedily, one by one, each where it costs least; the result
is kept when it is better, or not worse by more than a threshold that falls to zero. Ruin and
recreate with annealing found every proven optimum of the research; annealing alone missed half.

All of it is integers and draws from the seed: same problem and effort, same assignment.
"""

from dataclasses import dataclass

import numpy as np

from shorthaul.solve.draws import Draws
from shorthaul.solve.neighbours import Neighbourhoods
from shorthaul.solve.problems import Assignment, Ints, Problem
from shorthaul.solve.solvers import Effort
from shorthaul.solve.sparse_counts import from_dense
from shorthaul.solve.states import SearchState

SWEEPS = 20
ASK_CLOCK_EVERY = 16
STARTS = 3
PRICE_STEPS = 6
LARGEST_RESTARTED = 600


@dataclass(frozen=True, slots=True)
class LocalSearch:
    """The solver; it makes so many trials for each movable pod that has traffic, within limits."""

    iterations_per_pod: int = 25
    least_iterations: int = 800
    most_iterations: int = 6000

    def solve(self, problem: Problem, effort: Effort) -> Assignment:
        """The best placement found within the rules and the budget of moves."""
        return _Search(problem, effort, self).run()


class _Search:
    """One run: the state, the best placement so far, and the draws."""

    def __init__(self, problem: Problem, effort: Effort, settings: LocalSearch) -> None:
        self._effort = effort
        self._settings = settings
        self._state = SearchState(problem, effort.move_price)
        self._draws = Draws(effort.seed)
        self._near = Neighbourhoods(problem, self._draws)
        self._best = self._state.counts.copy()
        self._best_objective = self._state.objective
        self._best_cost = self._state.cost
        self._limited = False

    def run(self) -> Assignment:
        """Several starts from today's placement, then on from the best of them."""
        if self._near.talking:
            starts = STARTS if self._pods() <= LARGEST_RESTARTED else 1
            turns = self._iterations() // (starts + 1)
            for _ in range(starts):
                self._state.restore(self._state.problem.start.dense())
                self._improve(turns)
            self._state.restore(self._best)
            self._shake(turns)
            self._state.restore(self._best)
            self._descend()
        return Assignment(from_dense(self._best), self._best_cost, self._limited)

    def _improve(self, turns: int) -> None:
        """Searches at falling prices of a move, so that a budget goes to what gains most."""
        prices = self._prices()
        for price in prices:
            self._state.move_price = price
            self._descend()
            self._shake(turns // len(prices))
        self._state.move_price = self._effort.move_price

    def _prices(self) -> list[int]:
        """Without a budget the one price that was asked; with one, from high down to it."""
        last, most = self._effort.move_price, self._effort.most_moves
        if most is None or most >= self._pods():
            return [last]
        highest = self._state.cost // max(1, most)
        return [max(last, highest >> step) for step in range(PRICE_STEPS)] + [last]

    def _descend(self) -> None:
        """Moves single pods to where they cost least until none gains."""
        for _ in range(SWEEPS):
            before = self._state.objective
            for group in self._draws.shuffled(self._near.talking):
                for node in np.flatnonzero(self._state.counts[group]).tolist():
                    self._try([(group, node)], None, 0)
                if self._out_of_time():
                    return
            if self._state.objective >= before:
                return

    def _shake(self, number: int) -> None:
        """Ruin and recreate under a threshold that falls to nothing."""
        warmth = self._warmth()
        for turn in range(number):
            if turn % ASK_CLOCK_EVERY == 0 and self._out_of_time():
                return
            threshold = warmth * (number - turn) * self._draws.below(1024) // (number * 1024)
            pods, target = self._near.draw(self._state)
            self._try(self._near.order(pods) if target is None else pods, target, threshold)

    def _iterations(self) -> int:
        wanted = self._settings.least_iterations + self._settings.iterations_per_pod * self._pods()
        return min(wanted, self._settings.most_iterations)

    def _warmth(self) -> int:
        return self._state.cost // self._pods()

    def _pods(self) -> int:
        """How many movable pods have traffic."""
        return sum(len(self._state.problem.groups[group].pods) for group in self._near.talking)

    def _try(self, pods: list[tuple[int, int]], target: int | None, threshold: int) -> bool:
        """Lifts pods and puts them back; keeps it when good enough, else undoes it."""
        state = self._state
        before = state.objective
        for group, node in pods:
            state.lift(group, node)
        placed = all(self._recreate(group, target) for group, _ in pods)
        good = placed and state.objective <= before + threshold and self._within_budget()
        if not good or not state.sound():
            state.undo()
            return False
        state.keep()
        objective = state.cost + self._effort.move_price * state.moved
        if objective < self._best_objective:
            self._best = state.counts.copy()
            self._best_objective = objective
            self._best_cost = state.cost
        return True

    def _within_budget(self) -> bool:
        most = self._effort.most_moves
        return most is None or self._state.moved <= most

    def _recreate(self, group: int, target: int | None) -> bool:
        state = self._state
        allowed = state.open(group)
        if target is not None and allowed[target]:
            state.place(group, target)
            return True
        nodes = np.flatnonzero(allowed)
        if len(nodes) == 0:
            return False
        field = state.field(group, nodes)
        chosen = self._cheapest(field - state.discounts(group, nodes))
        state.place(group, int(nodes[chosen]), int(field[chosen]))
        return True

    def _cheapest(self, prices: Ints) -> int:
        """One of the cheapest; now and then the next cheapest, to look beyond greed."""
        least = prices.min()
        if len(prices) > 1 and self._draws.chance(3):
            rest = prices > least
            if rest.any():
                least = prices[rest].min()
        ties = np.flatnonzero(prices == least)
        return int(ties[0] if len(ties) == 1 else ties[self._draws.below(len(ties))])

    def _out_of_time(self) -> bool:
        self._limited = self._limited or self._effort.expired()
        return self._limited
