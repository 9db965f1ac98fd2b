"""State kept between cycles: a small change of the placement costs a small search.

Between two cycles most pods are where they were. The kernels' state is moved along with the few
that are not; these go back to where they were wanted, if that is worth its moves, and are tried
again where a move has its price or there was no way back, those with the most traffic first, and
then what talks to those that this moved. Traffic, room and limits are those of the problem it was
made for; when they change, make another.
"""

import numpy as np

from shorthaul.solve import runs
from shorthaul.solve.engine import Engine
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels.states import places_of
from shorthaul.solve.problems import Assignment, Ints, Problem
from shorthaul.solve.sparse_counts import SparseCounts

NEAR_PER_CHANGED = 3
LEAST_NEAR = 64
MOST_DRAWN = 16


class Replanner:
    """A settled placement that follows what happens to it, and puts it right.

    The benchmarks alone use it: for what one small repair costs at least. The operator's own way is
    `memories`, with the functions below.
    """

    def __init__(self, problem: Problem, seed: int = 0) -> None:
        self._engine = Engine(problem, seed)
        self._scratch = np.zeros(len(problem.nodes), dtype=np.int64)

    def replan(self, start: SparseCounts, move_price: int) -> Assignment:
        """Plans from a placement that differs a little from the one it last left or was given."""
        engine = self._engine
        before = engine.places()
        changed = self._follow(start)
        engine.kernels.rebase()
        here, cost = engine.places(), engine.cost
        wanted = np.full(len(here), -1, dtype=np.int32)
        wanted[changed] = before[changed]
        if not engine.gather(wanted) or engine.objective(move_price) > cost:
            engine.come_to(here, cost)
        before = engine.places()
        tried = changed if move_price else not_at(engine, changed, wanted)
        if engine.sweep(tried, move_price):
            moved = by_traffic(engine.model, elsewhere(engine, before))
            for pods in (near(engine.model, moved, 0), moved):
                engine.sweep(pods, move_price)
        return Assignment(engine.counts(), engine.cost)

    def _follow(self, start: SparseCounts) -> at.Narrow:
        """Moves the pods that are elsewhere; returns those that talk, most traffic first."""
        engine = self._engine
        changed = np.zeros(len(engine.model.group_of), dtype=np.int32)
        number = engine.kernels.follow(places_of(start), self._scratch, changed)
        return by_traffic(engine.model, changed[:number])


def elsewhere(engine: Engine, before: at.Narrow) -> at.Narrow:
    """The pods that are not where they were."""
    return np.flatnonzero(engine.state.place != before).astype(np.int32)


def not_at(engine: Engine, pods: at.Narrow, targets: Ints | at.Narrow) -> at.Narrow:
    """Those of some pods that are not at their targets."""
    found: at.Narrow = pods[engine.state.place[pods] != targets[pods]]
    return found


def by_traffic(model: at.Model, pods: at.Narrow) -> at.Narrow:
    """Those of some pods that talk, most traffic first."""
    rank = model.group[model.group_of[pods], at.RANK]
    order = np.argsort(-rank, kind="stable")
    found: at.Narrow = pods[order][rank[order] > 0]
    return found


def near(model: at.Model, changed: at.Narrow, each: int = NEAR_PER_CHANGED) -> at.Narrow:
    """Pods of what the changed ones talk to, most traffic first, a few and some more for each."""
    groups = np.unique(model.group_of[changed])
    entries = _between(model.group[groups, at.ENTRY0], model.group[groups, at.ENTRY1])
    if not len(entries):
        return changed
    peers = np.unique(model.entry[entries, at.OTHER])
    members = _between(model.member_first[peers], model.member_first[peers + 1])
    found = np.unique(model.member[members])
    most = LEAST_NEAR + each * len(changed)
    found = found[np.argsort(-model.group[found, at.RANK], kind="stable")]
    first, sizes = model.group[found, at.FIRST], model.group[found, at.SIZE]
    number = int(np.searchsorted(np.cumsum(sizes), most)) + 1
    pods = runs.spans(first[:number], sizes[:number])
    return pods[:most].astype(np.int32)


def _between(first: Ints | at.Narrow, end: Ints | at.Narrow) -> Ints:
    """The numbers of some ranges, one range after the other."""
    return runs.spans(first.astype(np.int64), (end - first).astype(np.int64))


def drawn_to(engine: Engine, nodes: Ints) -> at.Narrow:
    """Pods of the groups that would gain most, or lose least, by one more pod on some nodes.

    Those that lose are among them because some gain only together.
    """
    if not len(nodes):
        return np.zeros(0, dtype=np.int32)
    groups = engine.groups
    engine.tries += len(groups)
    gains = engine.kernels.drawn(groups, nodes)
    some = gains > at.NOWHERE
    order = np.lexsort((groups[some], -gains[some]))[:MOST_DRAWN]
    best = groups[some][order]
    return np.flatnonzero(np.isin(engine.model.group_of, best)).astype(np.int32)
