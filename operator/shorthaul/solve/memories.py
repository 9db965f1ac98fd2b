"""A solver that remembers: where little changed it searches little, from where it ended last time.

For each effort that it was asked for (a price of a move, a most of moves) it keeps the last problem
and answer. The next problem is held against it by name: where nothing changed, the answer is only
priced anew; where a little did, the search begins from the answer and goes around what changed;
where much did, where the answer became dearer, or after so many small searches, all is searched
and the better answer taken. Today's placement is always among those that it begins from, so no
answer is worse than that.

What was cut short is not remembered, so that memory does not depend on the clock: the same problems
and efforts in the same order give the same answers. It is in memory only: a new process is cold.
"""

from dataclasses import dataclass, replace
from math import log

import numpy as np

from shorthaul.solve.changes import Known, compare, first_known
from shorthaul.solve.lumps import Lumps
from shorthaul.solve.problems import ROUNDING, Assignment, Ints, Problem
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.solve.warm_starts import pod_targets
from shorthaul.units import NodeName, PodRef, WorkloadRef

MOST_TRACES = 12
MOST_SMALL = 24
CLOSE_PRICES = 1.5
WORSE = 0.05
NOTHING = np.zeros(0, dtype=np.int32)


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
    counts: SparseCounts
    whole: int
    small: int = 0


class Memory:
    """One memory for problems about the same workloads; `work` is what it has done so far."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.work = Work()
        self._traces: list[_Trace] = []

    def solve(self, problem: Problem, effort: Effort) -> Assignment:
        """The best placement found; never worse than today's, or than the last answer is now."""
        trace = self._closest(effort)
        found, made = self._small(trace, problem, effort) if trace else (None, None)
        if found is None or made is None:
            found = self._whole(trace, problem, effort)
            made = _Trace(effort, first_known(problem), found.counts, found.cost)
        if not found.limited and effort.most_moves != 0:
            kept = [one for one in self._traces if one is not trace]
            self._traces = [*kept, made][-MOST_TRACES:]
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
        self, trace: _Trace, problem: Problem, effort: Effort
    ) -> tuple[Assignment, _Trace] | tuple[None, None]:
        """The answer from around what changed, unless too much did or it became worse."""
        change = compare(trace.known, problem)
        spent = effort.most_moves is not None and change.moved
        if change.large or spent or trace.small >= MOST_SMALL:
            return None, None
        targets = _carried(trace, problem)
        found = self.search.resume(problem, effort, targets, change.groups)
        self.work.tries += found.tries
        if not found.limited and found.cost > trace.whole * (1 + WORSE) + ROUNDING:
            return None, None
        searched = len(change.groups) > 0
        self.work.small += searched
        self.work.none += not searched
        known = Known(problem, change.shares)
        return found, _Trace(effort, known, found.counts, trace.whole, trace.small + searched)

    def _whole(self, trace: _Trace | None, problem: Problem, effort: Effort) -> Assignment:
        """The answer of the whole search, or the last one where that is still better."""
        found = self.search.solve(problem, effort)
        self.work.whole += 1
        self.work.tries += found.tries
        if trace is None:
            return found
        last = self.search.resume(problem, effort, _carried(trace, problem), NOTHING)
        self.work.tries += last.tries
        best = min((found, last), key=lambda one: _objective(one, problem, effort))
        return replace(best, limited=found.limited, tries=found.tries + last.tries)


def _objective(found: Assignment, problem: Problem, effort: Effort) -> int:
    return found.cost + effort.move_price * found.counts.left_from(problem.start)


def _carried(trace: _Trace, new: Problem) -> Ints:
    """Where the last answer would have each pod of a later problem; -1 where it does not say.

    A pod that is not known takes the place of one of its workload that is gone.
    """
    places = _places(trace.known.problem, trace.counts)
    vacant: dict[WorkloadRef, list[NodeName]] = {}
    here = {ref for group in new.groups for ref in group.pods}
    for group in trace.known.problem.groups:
        left = [places[ref] for ref in group.pods if ref not in here]
        vacant.setdefault(group.workload, []).extend(left)
    index = {node: at for at, node in enumerate(new.nodes)}
    wanted: list[tuple[int, int]] = []
    for number, group in enumerate(new.groups):
        free = vacant.get(group.workload, [])
        for ref in group.pods:
            if ref not in places and not free:
                continue
            place = places[ref] if ref in places else free.pop()
            if place in index:
                wanted.append((number, index[place]))
    owners, nodes = np.array(wanted, dtype=np.int64).reshape(-1, 2).T
    width = len(new.nodes)
    keys, counts = np.unique(owners * np.int64(width) + nodes, return_counts=True)
    return pod_targets(new, Lumps(keys % max(1, width), keys // max(1, width), counts))


def _places(problem: Problem, counts: SparseCounts) -> dict[PodRef, NodeName]:
    """A node for each pod, as many as can be where they were."""
    owners = np.repeat(np.arange(counts.rows), np.diff(counts.offsets))
    targets = pod_targets(problem, Lumps(counts.nodes, owners, counts.amounts))
    pods = (ref for group in problem.groups for ref in group.pods)
    return {ref: problem.nodes[node] for ref, node in zip(pods, targets.tolist(), strict=True)}
