"""The arrays of the last search, kept for the next problem that differs only in where pods are.

Making an engine costs time linear in groups, links and limits; beginning anew with one that is at
hand costs a comparison of places. Whether it may be used is told by comparing all that it was made
from, what is the same object first. What the clock cut short is not kept, so that answers do not
depend on it.
"""

import numpy as np

from shorthaul.solve.engine import Engine
from shorthaul.solve.problems import Problem, alike, same_prices, same_rules
from shorthaul.solve.sparse_counts import SparseCounts


class KeptEngine:
    """At most one engine, that of the last problem."""

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def anew(self, problem: Problem, seed: int) -> Engine:
        """An engine that is made from the problem, and kept."""
        self._engine = None
        self._engine = Engine(problem, seed)
        return self._engine

    def at(self, problem: Problem, seed: int) -> Engine:
        """The kept engine with the problem's start, where that is all that differs; else anew."""
        engine = self._engine
        if engine is None or not only_start_differs(engine.problem, problem):
            return self.anew(problem, seed)
        engine.restart(problem, seed)
        return engine

    def drop(self) -> None:
        """Forgets it."""
        self._engine = None


def only_start_differs(old: Problem, new: Problem) -> bool:
    """Whether two problems are the same but for names, and for where pods are today."""
    return (
        len(old.nodes) == len(new.nodes)
        and old.scale == new.scale
        and same_prices(old, new)
        and alike(old.room, new.room)
        and _as_many(old, new)
        and (old.background is new.background or _counted(old.background, new.background))
        and same_rules(old, new)
        and (old.links is new.links or old.links == new.links)
    )


def _counted(one: SparseCounts, other: SparseCounts) -> bool:
    return one.width == other.width and one.same(other)


def _as_many(old: Problem, new: Problem) -> bool:
    """Whether groups have as many pods and the same vertices as before."""
    return np.array_equal(old.start.totals(), new.start.totals()) and [
        group.vertices for group in old.groups
    ] == [group.vertices for group in new.groups]
