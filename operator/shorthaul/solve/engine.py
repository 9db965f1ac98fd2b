"""A model, a state and the kernels in one hand: what Python asks of a search."""

import numpy as np

from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels.dice import exponentials, seeded
from shorthaul.solve.kernels.layouts import Ints, Narrow
from shorthaul.solve.kernels.library import LONGEST_HAND
from shorthaul.solve.kernels.models import model
from shorthaul.solve.kernels.states import counts_of, places_of, state
from shorthaul.solve.problems import Problem
from shorthaul.solve.sparse_counts import SparseCounts

UNLIMITED = 2**62
CHANCES = 2**30


class Engine:
    """One search: a problem, and a placement that changes."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem = problem
        self.model, fixed = model(problem)
        self.state, self.kernels = state(problem, self.model, fixed, seed)
        self._table = exponentials()
        group = self.model.group
        talks = group[:, at.ENTRY1] > group[:, at.ENTRY0]
        self.talking = np.flatnonzero(talks[self.model.group_of]).astype(np.int32)
        self.tries = 0
        self.all_talking = np.flatnonzero(talks)
        self.focus(self.all_talking)
        self._hand = np.zeros(LONGEST_HAND, dtype=np.int32)
        self._key = np.zeros(LONGEST_HAND, dtype=np.int64)

    def restart(self, problem: Problem, seed: int) -> None:
        """Begins anew with a problem that differs in nothing but where its pods are today."""
        self.problem = problem
        self.state.dice[:] = seeded(seed)
        self.kernels.restart(places_of(problem.start))
        self.tries = 0
        self.focus(self.all_talking)

    def focus(self, groups: Ints) -> None:
        """From now on ruins begin at one of these groups, which have to talk."""
        group = self.model.group
        weights = np.sqrt(group[groups, at.RANK].astype(np.float64))
        shares = weights * group[groups, at.SIZE]
        shares = np.maximum(1, np.rint(shares * (CHANCES / max(1.0, float(shares.sum())))))
        self.groups: Narrow = groups.astype(np.int32)
        self.chances: Ints = np.cumsum(shares.astype(np.int64))

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

    def go_home(self) -> None:
        """Goes to today's placement."""
        self.go_to(places_of(self.problem.start))

    def gather(self, targets: Ints) -> bool:
        """Sends pods to their targets (-1: it stays), large ones first; false when some could not
        be put down, and then this placement is no placement: go home."""
        resources = np.maximum(1, self.problem.room.clip(min=0).sum(axis=1).astype(np.float64))
        size = (self.model.request / resources).max(axis=1, initial=0.0)[self.model.group_of]
        moving = np.flatnonzero((targets >= 0) & (targets != self.state.place))
        self.tries += len(moving)
        order = moving[np.argsort(-size[moving], kind="stable")]
        return self.kernels.gather(order.astype(np.int32), targets[order].astype(np.int32))

    def sweep(self, pods: Narrow, price: int, most: int = UNLIMITED) -> int:
        """Tries each pod once; returns how many changed."""
        self.tries += len(pods)
        return self.kernels.sweep(pods, price, most)

    def ruin(
        self, turns: int, price: int, heats: Ints, *, most: int = UNLIMITED, size: int, blink: int
    ) -> int:
        """Ruins and recreates from here; the least objective, whose placement `best` has."""
        if not len(self.groups):
            return self.objective(price)
        self.tries += turns
        self.state.best[:] = self.state.place
        arrays = (self.groups, self.chances, self._hand, self._key, self._table, heats)
        numbers = (len(self.groups), turns, len(heats), price, most, size, blink)
        return self.kernels.ruin(arrays, numbers, self.objective(price))
