"""A solver that remembers: where little changed it searches little, from where it ended last time.

For each effort that it was asked for (a price of a move, a most of moves) it keeps the last problem
and answer. The next problem is held against it by name: where nothing changed, the answer is only
priced anew; where a little did, the search begins from the answer and goes around what changed;
where much did, or after so many small searches, all is searched, and the better answer is taken.
Today's placement is always among those that it begins from, so no answer is worse than that.

What was cut short is not remembered, so that memory does not depend on the clock: the same problems
and efforts in the same order give the same answers. It is in memory only: a new process is cold.
"""

from dataclasses import dataclass
from math import log

import numpy as np

from shorthaul.solve.changes import Change, Known, compare, first_known
from shorthaul.solve.lumps import Lumps
from shorthaul.solve.problems import Assignment, Ints, Problem
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.solve.warm_starts import pod_targets
from shorthaul.units import PodRef, WorkloadRef

MOST_TRACES = 12
MOST_SMALL = 24
CLOSE_PRICES = 1.5
NOTHING = np.zeros(0, dtype=np.int32)


@dataclass(slots=True)
class Work:
    """What a memory was asked for: searches by their size, and the tries that they took."""

    whole: int = 0
    small: int = 0
    none: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Trace:
    """One effort, the problem it was last asked about, the answer, and how many were small."""

    effort: Effort
    known: Known
    counts: SparseCounts
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
        if trace is None:
            self.work.whole += 1
            found, known, small = self.search.solve(problem, effort), first_known(problem), 0
        else:
            change = compare(trace.known, problem)
            found, known, small = self._again(trace, change, problem, effort)
        self.work.tries += found.tries
        if not found.limited and effort.most_moves != 0:
            kept = [one for one in self._traces if one is not trace]
            self._traces = [*kept, _Trace(effort, known, found.counts, small)][-MOST_TRACES:]
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

    def _again(
        self, trace: _Trace, change: Change, problem: Problem, effort: Effort
    ) -> tuple[Assignment, Known, int]:
        """The answer to a problem that was asked before in much the same way."""
        targets = _carried(trace, problem)
        spent = effort.most_moves is not None and change.moved
        if not (change.large or spent or trace.small >= MOST_SMALL):
            small = trace.small + (len(change.groups) > 0)
            self.work.small += len(change.groups) > 0
            self.work.none += len(change.groups) == 0
            found = self.search.resume(problem, effort, targets, change.groups)
            return found, Known(problem, change.shares), small
        self.work.whole += 1
        found = self.search.solve(problem, effort)
        last = self.search.resume(problem, effort, targets, NOTHING)
        best = min((found, last), key=lambda one: _objective(one, problem, effort))
        tries = found.tries + last.tries
        return (
            Assignment(best.counts, best.cost, found.limited, tries),
            first_known(problem),
            0,
        )


def _objective(found: Assignment, problem: Problem, effort: Effort) -> int:
    return found.cost + effort.move_price * found.counts.left_from(problem.start)


def _carried(trace: _Trace, new: Problem) -> Ints:
    """Where the last answer would have each pod of a later problem; -1 where it does not say.

    A pod that is not known takes the place of one of its workload that is gone.
    """
    places = _places(trace.known.problem, trace.counts)
    vacant: dict[WorkloadRef, list[str]] = {}
    here = {ref for group in new.groups for ref in group.pods}
    for group in trace.known.problem.groups:
        left = [places[ref] for ref in group.pods if ref not in here]
        vacant.setdefault(group.workload, []).extend(left)
    index = {node: at for at, node in enumerate(new.nodes)}
    wanted: list[tuple[int, int]] = []
    for number, group in enumerate(new.groups):
        free = vacant.get(group.workload, [])
        for ref in group.pods:
            place = places.get(ref) or (free.pop() if free else "")
            if place in index:
                wanted.append((number, index[place]))
    owners, nodes = np.array(wanted, dtype=np.int64).reshape(-1, 2).T
    width = len(new.nodes)
    keys, counts = np.unique(owners * np.int64(width) + nodes, return_counts=True)
    return pod_targets(new, Lumps(keys % max(1, width), keys // max(1, width), counts))


def _places(problem: Problem, counts: SparseCounts) -> dict[PodRef, str]:
    """A node for each pod, as many as can be where they were."""
    owners = np.repeat(np.arange(counts.rows), np.diff(counts.offsets))
    targets = pod_targets(problem, Lumps(counts.nodes, owners, counts.amounts))
    pods = (ref for group in problem.groups for ref in group.pods)
    return {
        ref: problem.nodes[node] for ref, node in zip(pods, targets.tolist(), strict=True)
    }
