"""The independent scorer: cost, shares, moves and violations of any placement, with numpy alone.

It shares no code with the search, its costs or its checks: it works from the problem's plain arrays
and from dense tables, one link at a time for routings with a direction, so that a mistake in the
solver's bookkeeping cannot hide here. Every row of the bench is scored by it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks import transports
from benchmarks.violations import violations
from benchmarks.worlds import Floats
from shorthaul.solve.problems import Ints, Problem
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.units import TIERS, Routing

BLOCK = 2_000_000


@dataclass(frozen=True, slots=True)
class Score:
    """What a placement is worth: cost in the objective's unit, shares of traffic per tier.

    `largest_load`: the most that an endpoint gets, as a multiple of its fair share.
    """

    cost: float
    shares: Mapping[str, float]
    moves: int
    pods: int
    violations: int
    largest_load: float = 1.0
    broken: tuple[str, ...] = ()


def score(problem: Problem, counts: SparseCounts) -> Score:
    """Scores a placement against the problem that it answers."""
    shares = link_shares(problem, counts)
    weights = np.array([link.weight for link in problem.links])
    prices = np.array([problem.pricing.tiers[tier] for tier in TIERS])
    total = float(weights.sum())
    divided = weights @ shares / total if total > 0 else np.zeros(len(TIERS))
    broken = violations(problem, counts)
    return Score(
        cost=float(weights @ (shares @ prices)),
        shares={str(tier): float(share) for tier, share in zip(TIERS, divided, strict=True)},
        moves=net_moves(problem.start, counts),
        pods=int(problem.start.amounts.sum()),
        violations=len(broken),
        largest_load=transports.largest_load(problem, vertex_pods(problem, counts)),
        broken=broken[:5],
    )


def net_moves(before: SparseCounts, after: SparseCounts) -> int:
    """How many pods are no longer where they were, replicas counted as interchangeable."""
    were, are = _keyed(before), _keyed(after)
    keys = np.union1d(were[0], are[0])
    lost = np.zeros(len(keys), dtype=np.int64)
    lost[np.searchsorted(keys, were[0])] += were[1]
    lost[np.searchsorted(keys, are[0])] -= are[1]
    return int(np.maximum(lost, 0).sum())


def link_shares(problem: Problem, counts: SparseCounts) -> Floats:
    """How each link's traffic divides over the tiers: (links, tiers)."""
    rows, nodes, amounts = vertex_pods(problem, counts)
    found = np.zeros((len(problem.links), len(TIERS)))
    kinds = np.array([str(link.routing) for link in problem.links])
    for routing in np.unique(kinds).tolist():
        picked = np.flatnonzero(kinds == routing)
        if routing in (Routing.UNIFORM, Routing.LOCAL):
            kept = _kept(problem, picked, routing == Routing.UNIFORM, (rows, nodes, amounts))
            found[picked] = np.diff(np.hstack([np.zeros((len(picked), 1)), kept]), axis=1)
        else:
            for index in picked.tolist():
                found[index] = transports.routed(problem, index, (rows, nodes, amounts))
    return found


def vertex_pods(problem: Problem, counts: SparseCounts) -> tuple[Ints, Ints, Ints]:
    """Vertex, node and amount of all pods that exchange traffic, sorted by vertex and node."""
    parts = [_triples(problem.background)]
    rows, nodes, amounts = _triples(counts)
    ranks = np.array([len(group.vertices) for group in problem.groups], dtype=np.int64)
    for rank in range(int(ranks.max(initial=0))):
        of_group = np.array(
            [group.vertices[rank] if len(group.vertices) > rank else -1 for group in problem.groups]
        )
        mine = of_group[rows] >= 0
        parts.append((of_group[rows][mine], nodes[mine], amounts[mine]))
    rows, nodes, amounts = (np.concatenate(each) for each in zip(*parts, strict=True))
    width = len(problem.nodes)
    keys, inverse = np.unique(rows * width + nodes, return_inverse=True)
    summed = np.bincount(inverse, amounts, minlength=len(keys)).astype(np.int64)
    return keys // width, keys % width, summed


def _kept(problem: Problem, picked: Ints, uniform: bool, pods: tuple[Ints, Ints, Ints]) -> Floats:
    """The share of each picked link that stays within each tier: (links, tiers), rising to 1."""
    rows, nodes, amounts = pods
    sizes = np.bincount(rows, amounts, minlength=problem.background.rows)
    ends = np.array([[problem.links[i].client, problem.links[i].server] for i in picked.tolist()])
    found = np.ones((len(picked), len(TIERS)))
    levels = [np.arange(len(problem.nodes)), *problem.tiers]
    for level, groups in enumerate(levels):
        width = int(groups.max()) + 1
        keys, inverse = np.unique(rows * width + groups[nodes], return_inverse=True)
        held = np.bincount(inverse, amounts, minlength=len(keys)) / sizes[keys // width]
        table = _Table(keys // width, keys % width, held, problem.background.rows)
        found[:, level] = table.overlaps(ends, uniform)
    return found


@dataclass(slots=True, eq=False)
class _Table:
    """Shares of vertices in the groups of one level, as sorted lists."""

    rows: Ints
    groups: Ints
    shares: Floats
    number: int

    def overlaps(self, ends: Ints, uniform: bool) -> Floats:
        """For each pair of vertices, what both have in the same groups."""
        offsets = np.searchsorted(self.rows, np.arange(self.number + 1))
        keys = self.rows * (int(self.groups.max()) + 1) + self.groups
        found = np.zeros(len(ends))
        sizes = np.diff(offsets)
        swapped = sizes[ends[:, 0]] > sizes[ends[:, 1]]
        ends = np.where(swapped[:, None], ends[:, ::-1], ends)
        for part in _blocks(sizes[ends[:, 0]]):
            one, other = ends[part, 0], ends[part, 1]
            pairs = np.repeat(np.arange(len(one)), sizes[one])
            begins = np.cumsum(sizes[one]) - sizes[one]
            mine = offsets[one][pairs] + np.arange(len(pairs)) - begins[pairs]
            wanted = other[pairs] * (int(self.groups.max()) + 1) + self.groups[mine]
            place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            theirs = np.where(keys[place] == wanted, self.shares[place], 0.0)
            both = self.shares[mine] * theirs if uniform else np.minimum(self.shares[mine], theirs)
            found[part] = np.bincount(pairs, both, minlength=len(one))
        return found


def _blocks(sizes: Ints) -> Iterator[slice]:
    """Cuts a long list so that each part unfolds to a bounded length."""
    ends = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + BLOCK, side="right")))
        yield slice(first, last)
        first = last


def _triples(counts: SparseCounts) -> tuple[Ints, Ints, Ints]:
    return np.repeat(np.arange(counts.rows), np.diff(counts.offsets)), counts.nodes, counts.amounts


def _keyed(counts: SparseCounts) -> tuple[Ints, Ints]:
    rows, nodes, amounts = _triples(counts)
    return rows * counts.width + nodes, amounts
