"""A problem as the arrays that partitioners and the repair need: an outside look, compiled loops.

Limits are read back from their meaning: an exclusion of itself on hosts is one pod per node, a
spread that asks for more zones than there are is a most per zone, a floor of two hosts is a most of
all but one per node. A problem with other limits is not one that the peers can be held to, and is
refused. Links with a direction are taken as local: that is what placement can do for them.
"""

from typing import NamedTuple

import numpy as np

from benchmarks.outcomes import Skipped
from benchmarks.worlds import UNLIMITED, Bools, Floats
from shorthaul.solve.problems import Ints, Problem
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.units import TIERS, Routing


class View(NamedTuple):
    """Groups, nodes, and undirected edges in rows: the neighbours of a group are a slice.

    levels: the group of every node at host, rack and zone, (levels, nodes); steps: what keeping a
    unit inside each of them saves; aligned: whether an edge is local (min) or uniform (product).
    """

    sizes: Ints
    requests: Ints
    room: Ints
    levels: Ints
    steps: Floats
    classes: Ints
    open: Bools
    most_per_node: Ints
    most_per_zone: Ints
    offsets: Ints
    others: Ints
    weights: Floats
    aligned: Bools


def view(problem: Problem) -> View:
    """The arrays of a problem; refuses limits that it has no array for."""
    most_per_node, most_per_zone = _mosts(problem)
    offsets, others, weights, aligned = _edges(problem)
    prices = np.array([problem.pricing.tiers[tier] for tier in TIERS])
    steps = np.diff(prices)[:3]
    levels = np.array([np.arange(len(problem.nodes)), problem.tiers[0], problem.tiers[1]])
    return View(
        sizes=np.array([len(group.pods) for group in problem.groups]),
        requests=problem.requests,
        room=problem.room.T.copy(),
        levels=levels,
        steps=steps.astype(np.float64),
        classes=problem.allowed.classes,
        open=problem.allowed.open,
        most_per_node=most_per_node,
        most_per_zone=most_per_zone,
        offsets=offsets,
        others=others,
        weights=weights,
        aligned=aligned,
    )


class Held:
    """What nodes and zones hold while single pods are moved; for the few moves of a disturbance."""

    def __init__(self, view: View, counts: SparseCounts) -> None:
        self._view = view
        rows = np.repeat(np.arange(counts.rows), np.diff(counts.offsets))
        self._free = view.room.copy()
        for kind in range(view.requests.shape[1]):
            used = view.requests[rows, kind] * counts.amounts
            np.subtract.at(self._free[:, kind], counts.nodes, used)
        self._on: dict[tuple[int, int, int], int] = {}
        for level in (0, 2):
            wheres = view.levels[level][counts.nodes].tolist()
            for row, where, amount in zip(
                rows.tolist(), wheres, counts.amounts.tolist(), strict=True
            ):
                key = (level, row, where)
                self._on[key] = self._on.get(key, 0) + amount

    def put(self, group: int, node: int, sign: int) -> None:
        """Adds or takes one pod."""
        self._free[node] -= sign * self._view.requests[group]
        for level in (0, 2):
            key = (level, group, int(self._view.levels[level][node]))
            self._on[key] = self._on.get(key, 0) + sign

    def fits(self, group: int, node: int) -> bool:
        """Whether one pod more may be there."""
        view, zone = self._view, int(self._view.levels[2][node])
        return bool(
            view.open[view.classes[group], node]
            and self._on.get((0, group, node), 0) < view.most_per_node[group]
            and self._on.get((2, group, zone), 0) < view.most_per_zone[group]
            and (self._free[node] >= view.requests[group]).all()
        )


def _mosts(problem: Problem) -> tuple[Ints, Ints]:
    """The most pods of each group on a node and in a zone."""
    limits, number = problem.limits, len(problem.groups)
    per_node, per_zone = np.full(number, UNLIMITED), np.full(number, UNLIMITED)
    for one in limits.exclusions:
        if one.owners != one.matched or len(one.owners) != 1:
            raise Skipped("the peers know no exclusion between different groups")
        per_node[list(one.owners)] = 1
    for spread in limits.spreads:
        if spread.fewest <= max(spread.domains) + 1:
            raise Skipped("the peers know a spread only as a most per zone")
        per_zone[list(spread.owners)] = spread.skew
    for floor in limits.floors:
        if floor.least > 2 or len(floor.groups) != 1:
            raise Skipped("the peers know a floor of two hosts at most")
        (group,) = floor.groups
        per_node[group] = min(per_node[group], len(problem.groups[group].pods) - 1)
    if limits.attractions:
        raise Skipped("the peers know no required affinity")
    return per_node, per_zone


def _edges(problem: Problem) -> tuple[Ints, Ints, Floats, Bools]:
    """Edges between groups in both directions, those of a pair together as one."""
    owner = {vertex: i for i, group in enumerate(problem.groups) for vertex in group.vertices}
    ends = np.array([(owner[one.client], owner[one.server]) for one in problem.links])
    weights = np.array([one.weight for one in problem.links])
    aligned = np.array([one.routing is not Routing.UNIFORM for one in problem.links])
    apart = ends[:, 0] != ends[:, 1]
    ends, weights, aligned = ends[apart], weights[apart], aligned[apart]
    number = len(problem.groups)
    keys = (np.sort(ends, axis=1) @ np.array([number, 1])) * 2 + aligned
    keys, inverse = np.unique(keys, return_inverse=True)
    summed = np.bincount(inverse, weights, minlength=len(keys))
    flags, pairs = keys % 2 == 1, keys // 2
    one, other = pairs // number, pairs % number
    order = np.argsort(np.concatenate([one, other]), kind="stable")
    begins = np.concatenate([one, other])[order]
    return (
        np.searchsorted(begins, np.arange(number + 1)).astype(np.int64),
        np.concatenate([other, one])[order].astype(np.int64),
        np.tile(summed, 2)[order].astype(np.float64),
        np.tile(flags, 2)[order].astype(np.bool_),
    )
