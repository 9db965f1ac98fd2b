"""What one pod more or less changes in a placement, for those who judge plans, not search for them.

The kernels answer where they were built, in memory that grows with pods and links; else the plain
state does, whose tables grow with vertices times nodes.
"""

from typing import Protocol

from shorthaul.solve.engine import Engine
from shorthaul.solve.kernels import library
from shorthaul.solve.kernels.states import places_of
from shorthaul.solve.problems import Ints, Problem
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.solve.traffic_states import TrafficState


class Traffic(Protocol):
    """A placement that can be asked what a change would cost."""

    def put(self, group: int, node: int, sign: int) -> None:
        """Adds (1) or lifts (-1) one pod of a group on a node."""

    def field(self, group: int, nodes: Ints) -> Ints:
        """What one pod more of a group would add to the cost, on each of some nodes; only their
        differences count, since what is the same on all of them may be left out."""
        ...

    def total(self) -> int:
        """The cost of all traffic."""
        ...


def traffic(problem: Problem, counts: SparseCounts) -> Traffic:
    """A placement of a problem."""
    return _Compiled(problem, counts) if library.available() else TrafficState(problem, counts)


class _Compiled:
    """The same by the kernels."""

    def __init__(self, problem: Problem, counts: SparseCounts) -> None:
        engine = Engine(problem, 0)
        engine.go_to(places_of(counts))
        self._engine = engine

    def put(self, group: int, node: int, sign: int) -> None:
        self._engine.kernels.shift(group, node, sign)

    def field(self, group: int, nodes: Ints) -> Ints:
        return self._engine.kernels.field(group, nodes)

    def total(self) -> int:
        return self._engine.kernels.total()
