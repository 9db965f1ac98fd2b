"""A model, a state and the kernels in one hand: what Python asks of a search."""

from collections.abc import Sequence

import numpy as np

from shorthaul.solve import mixtures, pod_sizes, runs
from shorthaul.solve.kernels import blocks
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels.chances import chances
from shorthaul.solve.kernels.dice import exponentials, seeded
from shorthaul.solve.kernels.layouts import Ints, Narrow
from shorthaul.solve.kernels.library import LONGEST_HAND, mix_blocks, ruin_blocks
from shorthaul.solve.kernels.models import model
from shorthaul.solve.kernels.states import counts_of, places_of, state
from shorthaul.solve.problems import Bools, Problem
from shorthaul.solve.sparse_counts import SparseCounts

UNLIMITED = 2**62


class Engine:
    """One search: a problem, and a placement that changes."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem = problem
        self.model, fixed = model(problem)
        self.state, self.kernels = state(problem, self.model, fixed, seed)
        self._table = exponentials()
        self._size = pod_sizes.shares(problem.requests, problem.room)
        group = self.model.group
        talks = group[:, at.ENTRY1] > group[:, at.ENTRY0]
        self.talking = self._by_traffic_for_size(talks)
        self.tries = 0
        self.all_talking = np.flatnonzero(talks)
        self._everywhere = self._aimed(self.all_talking)
        self.groups, self.chances = self._everywhere
        self._hand = np.zeros(LONGEST_HAND, dtype=np.int32)
        self._key = np.zeros(LONGEST_HAND, dtype=np.int64)

    def restart(self, problem: Problem, seed: int) -> None:
        """Begins anew with a problem that differs in nothing but where its pods are today."""
        self.problem = problem
        self.state.dice[:] = seeded(seed)
        self.kernels.restart(places_of(problem.start))
        self.tries = 0
        self.groups, self.chances = self._everywhere

    def _by_traffic_for_size(self, talks: Bools) -> Narrow:
        """Pods that talk, those with the most traffic for their size first."""
        rank = self.model.group[:, at.RANK] / np.maximum(1e-12, self._size)
        order = np.argsort(-rank, kind="stable")
        order = order[talks[order]]
        first, size = self.model.group[order, at.FIRST], self.model.group[order, at.SIZE]
        return runs.spans(first, size).astype(np.int32)

    def focus(self, groups: Ints) -> None:
        """From now on ruins begin at one of these groups, which have to talk."""
        self.groups, self.chances = self._aimed(groups)

    def _aimed(self, groups: Ints) -> tuple[Narrow, Ints]:
        """Some groups, and the chances by which one of them is drawn, summed up."""
        return groups.astype(np.int32), chances(self.model.group[groups])

    @property
    def cost(self) -> int:
        """The cost now."""
        return int(self.state.now[at.COST])

    @property
    def all_traffic(self) -> float:
        """What all traffic would cost over the longest tier, in cost units."""
        problem = self.problem
        farthest = max(problem.pricing.tiers.values())
        return sum(link.weight for link in problem.links) * farthest * problem.scale

    @property
    def moved(self) -> int:
        """Net moves now."""
        return int(self.state.now[at.MOVED])

    def objective(self, price: int) -> int:
        """The cost and the price of all net moves."""
        return self.cost + price * self.moved

    def counts(self) -> SparseCounts:
        """The placement now."""
        return counts_of(self.model, self.state.place, len(self.problem.nodes))

    def places(self) -> Narrow:
        """The node of each pod now; a copy."""
        return self.state.place.copy()

    def best(self) -> Narrow:
        """The node of each pod in the best placement of the last ruin; a copy."""
        return self.state.best.copy()

    def go_to(self, places: Narrow) -> None:
        """Goes to another placement."""
        self.kernels.go_to(places)

    def come_to(self, places: Narrow, cost: int) -> None:
        """Goes to another placement, of which the cost is known."""
        self.kernels.come_to(places, cost)

    def go_home(self) -> None:
        """Goes to today's placement."""
        self.go_to(places_of(self.problem.start))

    def gather(self, targets: Ints | Narrow) -> bool:
        """Sends pods to their targets (-1: it stays), large ones first; false when some could not
        be put down, and then this placement is no placement: go home."""
        moving = np.flatnonzero((targets >= 0) & (targets != self.state.place))
        self.tries += len(moving)
        order = moving[np.argsort(-self._size[self.model.group_of[moving]], kind="stable")]
        return self.kernels.gather(order.astype(np.int32), targets[order].astype(np.int32))

    def sweep(self, pods: Narrow, price: int, most: int = UNLIMITED, heat: int = 0) -> int:
        """Tries each pod once; returns how many changed. `heat` is what is forgiven, in 1024ths of
        a pod's own traffic."""
        self.tries += len(pods)
        return self.kernels.sweep(pods, price, most, heat, self._table)

    def ruin(
        self, turns: int, price: int, heats: Ints, *, most: int = UNLIMITED, size: int, blink: int
    ) -> int:
        """Ruins and recreates from here; the least objective, whose placement `best` has."""
        if not len(self.groups):
            return self.objective(price)
        self.tries += turns
        self.state.best[:] = self.state.place
        arrays = (self.groups, self.chances, self._hand, self._key, self._table, heats)
        size = min(size, LONGEST_HAND - 1)  # a hand has at most one more
        numbers = (len(self.groups), turns, len(heats), price, most, size, blink)
        return self.kernels.ruin(arrays, numbers, self.objective(price))


class Blocks:
    """A search for where blocks of pods should go, from the placement that an engine is at; for
    worlds where only hosts save anything."""

    def __init__(self, engine: Engine, seed: int, *, stay: bool = False) -> None:
        """`stay`: pods without traffic do not give way."""
        self._engine, self.seed, self._stay = engine, seed, stay
        start = places_of(engine.problem.start)
        self._tables, self._movers = blocks.tables(
            engine.model, engine.state, start, seed, stay=stay
        )
        self._price, self._began = 0, self._at_home

    def again(self, seed: int) -> "Blocks":
        """Another one from the engine's placement."""
        return Blocks(self._engine, seed, stay=self._stay)

    def at(self, counts: Narrow, price: int, seed: int) -> "Blocks | None":
        """Another one where nodes hold so many of each group (groups, nodes), and pods that are not
        told of are where they save most; None where those have no place."""
        found = self.again(seed)
        found._tables.best[:] = counts
        found._price = price
        return found if mix_blocks(found._tables, price) else None

    def mixture(self, placements: Sequence[Narrow], price: int) -> Narrow | None:
        """The best choice among what nodes hold in these, if it can be made."""
        return mixtures.mix(self._tables, placements, price)

    @property
    def counts(self) -> Narrow:
        """How many of each group nodes hold at the best found (groups, nodes)."""
        return self._tables.best.copy()

    @property
    def saved(self) -> int:
        """What the best found saves beside where it began."""
        return int(self._tables.now[blocks.MOST_SAVED])

    @property
    def talking(self) -> int:
        """How many pods may move."""
        return int(self._tables.size.sum())

    @property
    def here(self) -> Narrow:
        """How many of each group nodes hold now (groups, nodes)."""
        return self._tables.across.copy()

    @property
    def moved(self) -> int:
        """Net moves from today's placement, of the pods that may move."""
        return self.talking - self._at_home

    @property
    def gained(self) -> int:
        """What the placement now saves beside where it began, moves for nothing."""
        return int(self._tables.now[blocks.SAVED]) - self._price * (self._at_home - self._began)

    @property
    def _at_home(self) -> int:
        return int(np.minimum(self._tables.across, self._tables.start).sum())

    def price_of_one(self, most: int) -> int:
        """The price of a move to begin with where there may be so many."""
        return max(1, self._engine.cost // max(1, min(most, self.talking)))

    def ruin(self, turns: int, price: int, heats: Ints, *, size: int, blink: int) -> None:
        """Ruins and recreates from where it is; at another price than before, what was best so far
        is forgotten."""
        if price != self._price:
            now = self._tables.now
            now[blocks.SAVED] = self.gained + price * (self._at_home - self._began)
            now[blocks.MOST_SAVED], now[blocks.LAGS] = now[blocks.SAVED], 1
            self._price = price
        self._engine.tries += turns
        ruin_blocks(self._tables, heats, (turns, price, min(size, LONGEST_HAND - 1), blink))

    def targets(self, counts: Narrow | None = None) -> Ints:
        """The node that each pod should go to, -1 where any will do; by some counts (groups,
        nodes), else by the best found."""
        engine, told = self._engine, self._tables.best if counts is None else counts
        return blocks.targets(engine.model, engine.state.place, self._movers, told)


def in_blocks(engine: Engine, seed: int, *, stay: bool = False) -> Blocks | None:
    """A search by blocks from where an engine is, where there is anything that it could do."""
    model = engine.model
    if blocks.flat(model) and bool(blocks.plain(model)[engine.all_talking].any()):
        return Blocks(engine, seed, stay=stay)
    return None
