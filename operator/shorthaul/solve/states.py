"""A placement under search: traffic and constraints together, with an undo log.

The objective is the cost plus the price of every net move. `lift` and `place` keep it exact; a
trial either is kept or undone to where it began.
"""

import numpy as np

from shorthaul.solve.occupancies import Occupancy
from shorthaul.solve.problems import Bools, Ints, Problem
from shorthaul.solve.traffic_states import TrafficState

Step = tuple[int, int, int]


class SearchState:
    """Counts per (group, node), their objective, and what was done since the last `keep`."""

    def __init__(self, problem: Problem, move_price: int) -> None:
        self.problem = problem
        self.move_price = move_price
        self._traffic = TrafficState(problem, problem.start)
        self._occupancy = Occupancy(problem)
        self.cost = self._traffic.total()
        self._kept_cost = self.cost
        self._log: list[Step] = []
        self._each = np.arange(len(problem.nodes), dtype=np.int64)[:, None]

    @property
    def counts(self) -> Ints:
        """The counts now; not to be written to."""
        return self._occupancy.counts

    @property
    def moved(self) -> int:
        """Net moves away from today's placement."""
        return self._occupancy.moved

    @property
    def objective(self) -> int:
        """The cost and the price of all net moves."""
        return self.cost + self.move_price * self.moved

    def lift(self, group: int, node: int) -> None:
        """Takes one pod of a group off a node."""
        self._put(group, node, -1)
        self.cost -= int(self.field(group, self._each[node])[0])

    def place(self, group: int, node: int, added: int | None = None) -> None:
        """Puts one pod of a group on a node; `added` is its field there, when it is known."""
        if added is None:
            added = int(self.field(group, self._each[node])[0])
        self.cost += added
        self._put(group, node, 1)

    def field(self, group: int, nodes: Ints) -> Ints:
        """What one pod more of a group would add to the cost, on each of some nodes."""
        return self._traffic.field(group, nodes)

    def discounts(self, group: int, nodes: Ints) -> Ints:
        """What coming home takes off the objective: the price of a move."""
        found: Ints = self.move_price * self._occupancy.home(group)[nodes]
        return found

    def link_costs(self) -> list[int]:
        """What each link costs now, in their order."""
        return self._traffic.link_costs()

    def open(self, group: int) -> Bools:
        """The nodes where one pod more of a group may be."""
        return self._occupancy.open(group)

    def short_of_room(self, group: int) -> Bools:
        """The nodes where a group is allowed, but which lack room for one pod more."""
        return self._occupancy.short_of_room(group)

    def sound(self) -> bool:
        """Whether the limits touched since the last `keep` or `undo` hold."""
        return self._occupancy.sound()

    def keep(self) -> None:
        """Makes what was done the new beginning."""
        self._log.clear()
        self._kept_cost = self.cost
        self._occupancy.settle()

    def undo(self) -> None:
        """Goes back to the last beginning."""
        while self._log:
            group, node, sign = self._log.pop()
            self._traffic.put(group, node, -sign)
            self._occupancy.put(group, node, -sign)
        self.cost = self._kept_cost
        self._occupancy.settle()

    def restore(self, counts: Ints) -> None:
        """Goes to other counts, and begins there."""
        difference = counts - self.counts
        for sign in (-1, 1):
            for group, node in np.argwhere(difference * sign > 0).tolist():
                for _ in range(abs(int(difference[group, node]))):
                    self._put(group, node, sign)
        self.cost = self._traffic.total()
        self.keep()

    def _put(self, group: int, node: int, sign: int) -> None:
        self._log.append((group, node, sign))
        self._traffic.put(group, node, sign)
        self._occupancy.put(group, node, sign)
