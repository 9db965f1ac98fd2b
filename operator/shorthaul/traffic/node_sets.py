"""Sets of nodes by numbers, so that columns can say who saw what.

Few nodes see many pairs, so there are few different sets: what is asked of two columns is asked
once for each two sets that meet in them.
"""

from collections.abc import Callable, Iterable
from operator import and_, or_

import numpy as np
import numpy.typing as npt

from shorthaul.traffic.flow_tables import Numbered
from shorthaul.units import NodeName

Sets = npt.NDArray[np.int32]
Truths = npt.NDArray[np.bool_]
Nodes = frozenset[NodeName]


class NodeSets:
    """Sets that only become more; `number` gives a set's, and the empty one has the number 0."""

    def __init__(self, sets: Iterable[Nodes] = ()) -> None:
        self._numbered = Numbered[Nodes]()
        self.number = self._numbered.number
        self.number(Nodes())
        for each in sets:
            self.number(each)

    @property
    def sets(self) -> list[Nodes]:
        """The sets by their numbers."""
        return self._numbered.values

    def numbers(self, sets: Iterable[Nodes]) -> Sets:
        """The numbers of many."""
        return np.array([self.number(each) for each in sets], np.int32)

    def union(self, ones: Sets, others: Sets) -> Sets:
        """Row by row, the set of what is in either."""
        found = np.where(ones == 0, others, ones)
        rows = np.flatnonzero((found != others) & (others != 0))
        found[rows] = self._by_pairs(or_, ones[rows], others[rows])
        return found

    def intersection(self, ones: Sets, others: Sets) -> Sets:
        """Row by row, the set of what is in both."""
        found = np.where(ones == others, ones, np.int32(0))
        single = np.array([len(each) < 2 for each in self.sets], np.bool_)
        rows = np.flatnonzero((ones != others) & ~(single[ones] & single[others]))
        found[rows] = self._by_pairs(and_, ones[rows], others[rows])
        return found

    def meet(self, ones: Sets, others: Sets) -> Truths:
        """Row by row, whether any node is in both."""
        found: Truths = self.intersection(ones, others) != 0
        return found

    def _by_pairs(self, operation: Callable[[Nodes, Nodes], Nodes], *columns: Sets) -> Sets:
        ones, others = columns
        both = ones.astype(np.int64) << 32 | others
        pairs, which = np.unique(both, return_inverse=True)
        numbers = (pairs >> 32).tolist(), (pairs & 0xFFFF_FFFF).tolist()
        found = self.numbers(
            operation(self.sets[one], self.sets[other]) for one, other in zip(*numbers, strict=True)
        )
        return found[which]
