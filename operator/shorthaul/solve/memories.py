"""A solver that remembers: where little changed it searches little, from where it ended last time.

For each effort that it was asked for (a price of a move, a most of moves) it keeps the last problem
and answer. The next problem is held against it by name: where nothing changed, or what was planned
was done, the answer is only priced anew; where pods landed elsewhere they are put right; where a
little else changed, the search begins from the answer and goes around what changed;
where much did, where the answer became dearer, or after so many small searches, all is searched
and the better answer taken. Today's placement is always among those that it begins from, so no
answer is worse than that.

The arrays of the last search are kept for a problem that differs only in where pods are. What was
cut short is not remembered, so that memory does not depend on the clock: the same problems and
efforts in the same order give the same answers. It is in memory only: a new process is cold.
"""

from dataclasses import dataclass, replace
from math import log

from shorthaul.solve.changes import Change, Known, compare, known
from shorthaul.solve.kept_engines import KeptEngine
from shorthaul.solve.problems import ROUNDING, Assignment, Problem
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort

MOST_TRACES = 12
MOST_SMALL = 128
CLOSE_PRICES = 1.5
WORSE = 0.05


@dataclass(slots=True)
class Work:
    """Searches by how much was searched (nothing: an answer was priced anew), and their tries."""

    whole: int = 0
    small: int = 0
    none: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Trace:
    """One effort, the problem it was last asked about and the answer.

    `whole` is the cost after the last whole search, `small` how many were small since.
    """

    effort: Effort
    known: Known
    whole: int
    small: int = 0


class Memory:
    """One memory for problems about the same workloads; `work` is what it has done so far."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.work = Work()
        self._traces: list[_Trace] = []
        self._kept = KeptEngine()

    def solve(self, problem: Problem, effort: Effort) -> Assignment:
        """The best placement found; never worse than today's, or than the last answer is now."""
        trace = self._closest(effort)
        change = compare(trace.known, problem) if trace else None
        found, made = None, None
        if trace and change:
            found, made = self._small(trace, change, problem, effort)
        if found is None or made is None:
            found = self._whole(change, problem, effort)
            made = _Trace(effort, known(problem, found.counts), found.cost)
        if not found.limited and effort.most_moves != 0:
            kept = [one for one in self._traces if one is not trace]
            self._traces = [*kept, made][-MOST_TRACES:]
        if found.limited:
            self._kept.drop()
        return found

    def taken(self) -> Work:
        """What it has done since this was last asked."""
        found, self.work = self.work, Work()
        return found

    def _closest(self, effort: Effort) -> _Trace | None:
        """The trace of an effort that hardly differs, the closest by price."""
        near = [
            (abs(log(max(1, one.effort.move_price) / max(1, effort.move_price))), at)
            for at, one in enumerate(self._traces)
            if (one.effort.seed, one.effort.most_moves) == (effort.seed, effort.most_moves)
        ]
        apart, at = min(near, default=(0.0, -1))
        return self._traces[at] if near and apart <= log(CLOSE_PRICES) else None

    def _small(
        self, trace: _Trace, change: Change, problem: Problem, effort: Effort
    ) -> tuple[Assignment, _Trace] | tuple[None, None]:
        """The answer from around what changed, unless too much did or it became worse."""
        spent = effort.most_moves is not None and change.moved
        if change.large or spent or trace.small >= MOST_SMALL:
            return None, None
        like = trace.known.problem if change.placed else None
        engine = self._kept.at(problem, effort.seed, like)
        found = self.search.resume(engine, effort, change)
        self.work.tries += found.tries
        if not found.limited and found.cost > trace.whole * (1 + WORSE) + ROUNDING:
            return None, None
        searched = len(change.pods) + len(change.landed) + len(change.roomier) > 0
        self.work.small += searched
        self.work.none += not searched
        made = Known(problem, found.counts, change.shares, change.now)
        return found, _Trace(effort, made, trace.whole, trace.small + searched)

    def _whole(self, change: Change | None, problem: Problem, effort: Effort) -> Assignment:
        """The answer of the whole search, or the last one where that is still better."""
        found = self.search.run(self._kept.anew(problem, effort.seed), effort)
        self.work.whole += 1
        self.work.tries += found.tries
        if change is None:
            return found
        engine = self._kept.at(problem, effort.seed)
        last = self.search.resume(engine, effort, change.as_it_was())
        self.work.tries += last.tries
        best = min((found, last), key=lambda one: _objective(one, problem, effort))
        return replace(best, limited=found.limited, tries=found.tries + last.tries)


def _objective(found: Assignment, problem: Problem, effort: Effort) -> int:
    return found.cost + effort.move_price * found.counts.left_from(problem.start)
