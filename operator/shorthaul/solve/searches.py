"""The solver: warm start, descent, and ruin and recreate, over compiled kernels.

It never leaves what the constraints allow. Without a limit of moves it begins from today's
placement, and from one that divides the traffic graph anew where that is at hand; from the better
it ruins and recreates under a threshold that falls by the turn. With a limit it does so from
today's at a price of a move that rises while there are too many and falls while there are too few,
so that moves go to what gains most. All is integers and draws from the seed, and it stops by counts
of turns: same problem and effort, same assignment.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from shorthaul.solve import block_budgets, block_searches, partitions, warm_starts
from shorthaul.solve.cells import cells
from shorthaul.solve.changes import Change
from shorthaul.solve.engine import UNLIMITED, Blocks, Engine, in_blocks
from shorthaul.solve.kernels.layouts import Ints, Narrow
from shorthaul.solve.move_prices import SQUEEZE, SQUEEZES, bearable, dearer
from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.replans import by_traffic, drawn_to, elsewhere, near, not_at
from shorthaul.solve.solvers import Effort

ALSO_FROM_HOME = 5000
ENOUGH = 200
STAGES = 64
CHUNKS = 16
COOLING = 0.003
HEAT_OF_A_POD = 2.4
MOST_HEAT = 0.05
BLINK = 20
WARMTH = 20
BUDGET_WARMTH = 0.1
BLOCK_WARMTH = 0.3
MANY = 2
FEWER = 3
TURNS_PER_CHANGED = 40
BLOCKS_PER_TURN = 6


@dataclass(frozen=True, slots=True)
class Search:
    """How long it searches: turns for each pod that talks, within bounds, and the pods lifted in a
    turn; without turns it only divides and sweeps. After dividing, `warm_sweeps` forgive a little,
    then `sweeps` at most descend. `heat` is what ruins are forgiven at first, as so many times all
    traffic divided by the pods that talk."""

    turns_per_pod: int = 19
    least_turns: int = 5000
    most_turns: int = 30_000
    hand: int = 100
    warm_sweeps: int = 8
    sweeps: int = 12
    heat: float = HEAT_OF_A_POD

    def solve(self, problem: Problem, effort: Effort) -> Assignment:
        """The best placement found within the rules and the budget of moves."""
        return self.run(Engine(problem, effort.seed), effort)

    def run(self, engine: Engine, effort: Effort) -> Assignment:
        """The same from an engine that has just been made."""
        return _Run(engine, effort, self).result()

    def resume(self, engine: Engine, effort: Effort, change: Change) -> Assignment:
        """The best placement near an earlier one, from an engine at today's.

        Only the changed pods, what they talk to most, and what would gain most on the nodes that
        are roomier than before are tried elsewhere.
        """
        return _Run(engine, effort, self).resumed(change)


QUICK = Search(turns_per_pod=0, least_turns=0, warm_sweeps=2, sweeps=2)


class _Run:
    """One search: the engine, and the best placement so far."""

    def __init__(self, engine: Engine, effort: Effort, settings: Search) -> None:
        self._engine = engine
        self._effort = effort
        self._settings = settings
        pods = len(self._engine.model.group_of)
        asked = effort.most_moves
        self._most = UNLIMITED if asked is None or asked >= pods else asked
        self._limited = False
        self._share = 0.0
        self._best, self._best_cost = self._engine.places(), self._engine.cost
        self._best_objective = self._engine.objective(effort.move_price)

    def result(self) -> Assignment:
        """Searches, and returns the best."""
        engine = self._engine
        if len(engine.talking) and self._most > 0:
            if self._most < UNLIMITED:
                self._within_budget()
            else:
                self._without_limit()
        return self._answer()

    def resumed(self, change: Change) -> Assignment:
        """Begins from today's or the earlier placement, and searches around what changed."""
        engine = self._engine
        if change.firm:
            targets = change.targets.astype(np.int32)
            if not np.array_equal(targets, engine.state.place):
                engine.go_to(targets)
        reached = change.firm or engine.gather(change.targets)
        if reached:
            self._note()
        self._go_to_best()
        drawn = drawn_to(engine, change.roomier)
        landed = by_traffic(engine.model, change.landed)
        pods = np.union1d(change.pods, drawn).astype(np.int32)
        if len(pods) or not reached:
            pods = by_traffic(engine.model, np.union1d(pods, landed).astype(np.int32))
        if len(pods) and self._most > 0:
            self._around(pods)
        elif len(landed) and self._most > 0:
            self._put_right(landed, change.targets)
        return self._answer()

    def _put_right(self, pods: Narrow, targets: Ints) -> None:
        """Tries pods that were elsewhere than they should be, where nothing else changed: what the
        search found before is as good as it was, and a ruin would only search that again; so would
        tries of those that are back, unless each move has its price."""
        engine, price = self._engine, self._effort.move_price
        if price == 0:
            pods = not_at(engine, pods, targets)
        before = engine.places()
        if engine.sweep(pods, price, self._most):
            moved = elsewhere(engine, before)
            for each in (near(engine.model, moved, 0), moved):
                engine.sweep(each, price, self._most)
        self._note()

    def _answer(self) -> Assignment:
        engine = self._engine
        self._go_to_best()
        return Assignment(engine.counts(), engine.cost, self._limited, engine.tries)

    def _around(self, pods: Narrow) -> None:
        """Tries some pods and what they talk to, nearly as good places too, then ruins from their
        groups, and tries again."""
        engine, price, settings = self._engine, self._effort.move_price, self._settings
        lists = (pods, near(engine.model, pods), pods)
        turns = max(settings.least_turns // FEWER, TURNS_PER_CHANGED * len(pods))
        for turn in (min(self._turns(), turns), 0):
            for each in lists:
                engine.sweep(each, price, self._most, WARMTH if turn else 0)
                self._note()
            if turn and not self._out_of_time():
                engine.focus(np.unique(engine.model.group_of[pods]).astype(np.int64))
                self._anneal(turn, price, warmth=0.25)

    def _without_limit(self) -> None:
        price, engine = self._effort.move_price, self._engine
        blocks = in_blocks(engine, self._effort.seed) if self._turns() else None
        if blocks is not None and self._by_blocks(blocks, price):
            self._descend(price)
            if blocks.talking < len(engine.talking):
                self._anneal(self._turns(), price, warmth=0.25)
                self._descend(price)
            return
        small = len(engine.talking) <= ALSO_FROM_HOME
        if small:
            self._descend(price)
        home = engine.places(), engine.objective(price)
        if self._begin_anew():
            self._cool_down(price)
            self._descend(price)
            if engine.objective(price) > home[1]:
                engine.go_to(home[0])
        elif not small:
            self._descend(price)
        if self._turns():
            self._anneal(self._turns(), price)
            self._descend(price)

    def _by_blocks(self, blocks: Blocks, price: int) -> bool:
        """Goes to where a search by blocks of pods says, if the rules let it; else it is at home.

        A turn of blocks takes about a third of the time that one of single pods takes, and such a
        search gains from twice the time.
        """
        effort, turns = self._effort, BLOCKS_PER_TURN * self._turns()
        cool = partial(self._cool, price=price)
        found = block_searches.run(blocks, turns, cool, price, effort.seed)
        return self._settled(found.targets())

    def _by_few_blocks(self) -> bool:
        """Goes to where a search by blocks within the budget says, if there is one that gains."""
        engine, effort, turns = self._engine, self._effort, self._turns()
        blocks = in_blocks(engine, effort.seed, stay=True) if turns else None
        if blocks is None or blocks.talking < len(engine.talking):
            return False
        found = block_budgets.run(
            blocks,
            BLOCKS_PER_TURN * turns,
            self._heats(BLOCK_WARMTH),
            self._ruin_blocks,
            most=self._most,
            floor=effort.move_price,
        )
        return self._settled(blocks.targets(found))

    def _ruin_blocks(self, blocks: Blocks, turns: int, price: int, heats: Ints) -> bool:
        """Ruins and recreates blocks; whether there is time for more."""
        blocks.ruin(turns, price, heats, size=self._settings.hand, blink=BLINK)
        return not self._out_of_time()

    def _settled(self, targets: Ints) -> bool:
        """Puts the pods down where they should go, if the rules and the budget let it; else it is
        at home."""
        engine = self._engine
        if engine.gather(targets) and engine.moved <= self._most:
            self._note()
            return True
        engine.go_home()
        return False

    def _cool(self, blocks: Blocks, turns: int, warmth: float, *, price: int) -> bool:
        """Ruins and recreates blocks under a falling threshold, from where they are; returns
        whether there is time for more."""
        heats, each = self._heats(warmth), STAGES // CHUNKS
        for chunk in range(CHUNKS):
            if self._out_of_time():
                break
            blocks.ruin(
                max(1, turns // CHUNKS),
                price,
                heats[chunk * each : (chunk + 1) * each],
                size=self._settings.hand,
                blink=BLINK,
            )
            self._tell(self._engine.cost - blocks.saved, (chunk + 1) / CHUNKS)
        return not self._out_of_time()

    def _begin_anew(self) -> bool:
        """Goes to a placement that divides the traffic graph, if there is a way to one.

        It moves nearly every pod, so it is no use where that would cost more than all traffic.
        """
        engine, problem = self._engine, self._engine.problem
        dear = self._effort.move_price * len(engine.talking) > engine.cost
        if dear or not partitions.available() or self._limited:
            return False
        found = warm_starts.targets(problem, cells(problem), self._effort.seed)
        engine.go_home()
        if engine.gather(warm_starts.pod_targets(problem, found)):
            return True
        engine.go_to(self._best)
        return False

    def _cool_down(self, price: int) -> None:
        """Moves single pods to where they cost least, or nearly: less and less is forgiven, as a
        share of a pod's own traffic."""
        number = self._settings.warm_sweeps
        for left in range(number, 0, -1):
            heat = -(-WARMTH * left // number)
            self._engine.sweep(self._engine.talking, price, self._most, heat)
            self._note()
            self._tell(self._best_cost)
            if self._out_of_time():
                break

    def _within_budget(self) -> None:
        """Ruins and recreates at a price of a move that follows how many there are, so that the
        budget goes to what gains most; what is too much then is taken back, the least gain first.
        """
        engine, settings, most = self._engine, self._settings, self._most
        if self._by_few_blocks():
            self._descend(self._effort.move_price)
            if self._limited or MANY * most < len(engine.talking):
                return
            engine.go_home()
        turns = max(1, self._turns() // STAGES)
        price = float(max(1, engine.cost // min(most, len(engine.talking))))
        for stage, heat in enumerate(self._heats(BUDGET_WARMTH), 1):
            here = max(self._effort.move_price, int(price))
            engine.ruin(turns, here, heat[None], size=settings.hand, blink=BLINK)
            self._note()
            self._tell(self._best_cost, stage / STAGES)
            if self._out_of_time():
                break
            price = bearable(price * dearer(engine.moved, most), len(engine.talking))
        for _ in range(SQUEEZES):
            if engine.moved <= most:
                break
            price = bearable(price * SQUEEZE, len(engine.talking))
            engine.sweep(engine.talking, int(price))
        self._note()
        self._go_to_best()
        self._descend(self._effort.move_price)

    def _descend(self, price: int) -> None:
        """Moves single pods to where they cost least until next to none gains."""
        engine = self._engine
        for _ in range(self._settings.sweeps):
            before = engine.objective(price)
            changed = engine.sweep(engine.talking, price, self._most)
            self._note()
            self._tell(self._best_cost)
            if self._out_of_time() or changed * ENOUGH < len(engine.talking):
                break
            if engine.objective(price) >= before - before // 2000:
                break

    def _anneal(self, turns: int, price: int, warmth: float = 1.0) -> None:
        """Ruins and recreates under a falling threshold, from here; ends in the best it found."""
        engine, each = self._engine, STAGES // CHUNKS
        heats = self._heats(warmth)
        best, least = engine.places(), engine.objective(price)
        for chunk in range(CHUNKS if turns else 0):
            found = engine.ruin(
                max(1, turns // CHUNKS),
                price,
                heats[chunk * each : (chunk + 1) * each],
                most=self._most,
                size=self._settings.hand,
                blink=BLINK,
            )
            if found < least:
                best, least = engine.best(), found
            self._tell(least - price * engine.moved, (chunk + 1) / CHUNKS)
            if self._out_of_time():
                break
        engine.go_to(best)
        self._note()

    def _heats(self, warmth: float) -> Ints:
        """What is forgiven, stage by stage, in cost units."""
        share = warmth * min(MOST_HEAT, self._settings.heat / len(self._engine.talking))
        first = max(1.0, share * self._engine.all_traffic)
        found: Ints = np.geomspace(first, first * COOLING, STAGES).astype(np.int64)
        return found

    def _turns(self) -> int:
        settings = self._settings
        wanted = settings.turns_per_pod * len(self._engine.talking)
        return min(max(settings.least_turns, wanted), settings.most_turns)

    def _go_to_best(self) -> None:
        """Goes to the best placement, if this is another one."""
        if not np.array_equal(self._best, self._engine.state.place):
            self._engine.come_to(self._best, self._best_cost)

    def _note(self) -> None:
        """Keeps this placement if it is the best within the budget."""
        engine = self._engine
        objective = engine.objective(self._effort.move_price)
        if engine.moved <= self._most and objective < self._best_objective:
            self._best, self._best_cost = engine.places(), engine.cost
            self._best_objective = objective

    def _tell(self, cost: int, share: float = 0.0) -> None:
        """Tells the cost here and how much is done; sweeps have no share of their own."""
        self._share = max(self._share, share)
        self._effort.tell(self._share, cost)

    def _out_of_time(self) -> bool:
        self._limited = self._limited or self._effort.expired()
        return self._limited
