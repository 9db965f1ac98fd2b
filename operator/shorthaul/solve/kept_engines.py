"""The arrays of the last search, kept for the next problem that differs only in where pods are.

Making an engine costs time linear in groups, links and limits; beginning anew with one that is at
hand costs a comparison of places. Whether it may be used is told by comparing all that it was made
from, what is the same object first. What the clock cut short is not kept, so that answers do not
depend on it.
"""

from shorthaul.solve.engine import Engine
from shorthaul.solve.likenesses import only_start_differs
from shorthaul.solve.problems import Problem


class KeptEngine:
    """At most one engine, that of the last problem."""

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def anew(self, problem: Problem, seed: int) -> Engine:
        """An engine that is made from the problem, and kept."""
        self._engine = None
        self._engine = Engine(problem, seed)
        return self._engine

    def at(self, problem: Problem, seed: int, like: Problem | None = None) -> Engine:
        """The kept engine with the problem's start, where that is all that differs; else anew.
        `like` is a problem that is known to differ from this one in nothing else."""
        engine = self._engine
        if engine is None or not (
            engine.problem is like or only_start_differs(engine.problem, problem)
        ):
            return self.anew(problem, seed)
        engine.restart(problem, seed)
        return engine

    def drop(self) -> None:
        """Forgets it."""
        self._engine = None
