"""The graph of pods that partitioners cut: every edge between services as edges between pods.

Uniform traffic is a complete bipartite block. Local traffic is a staircase: replicas are laid out
as intervals of equal length on both sides and joined where they overlap, n + m - 1 edges that a
partition can keep whole. Partitioners balance one weight, so a pod weighs the scarcer of its
requests; parts get capacity in proportion to the nodes.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks import repairs
from benchmarks.outcomes import Skipped
from benchmarks.views import View
from benchmarks.worlds import Floats
from shorthaul.solve.problems import Ints

MOST_EDGES = 60_000_000
LARGEST_EDGE = 10**8


@dataclass(frozen=True, slots=True, eq=False)
class PodGraph:
    """Each pair once, with integer weights; `loads` are the weights of the pods."""

    ones: Ints
    others: Ints
    weights: Ints
    loads: Ints

    @property
    def pods(self) -> int:
        """How many pods there are."""
        return len(self.loads)

    def rows(self) -> tuple[Ints, Ints, Ints]:
        """Both directions as compressed rows: offsets, neighbours, weights."""
        begins = np.concatenate([self.ones, self.others])
        ends = np.concatenate([self.others, self.ones])
        order = np.argsort(begins, kind="stable")
        offsets = np.searchsorted(begins[order], np.arange(self.pods + 1))
        return offsets.astype(np.int64), ends[order], np.tile(self.weights, 2)[order]

    def within(self, pods: Ints) -> "PodGraph":
        """The part among some pods, renumbered in their order."""
        number = np.full(self.pods, -1)
        number[pods] = np.arange(len(pods))
        kept = (number[self.ones] >= 0) & (number[self.others] >= 0)
        ones, others = number[self.ones[kept]], number[self.others[kept]]
        return PodGraph(ones, others, self.weights[kept], self.loads[pods])


def pod_graph(view: View, precision: float) -> PodGraph:
    """The graph of a view; weights add up to about `precision`."""
    begins = np.cumsum(view.sizes) - view.sizes
    rows = np.repeat(np.arange(len(view.sizes)), np.diff(view.offsets))
    once = np.flatnonzero(rows < view.others)
    expected = view.sizes[rows[once]] * view.sizes[view.others[once]]
    if expected[~view.aligned[once]].sum() > MOST_EDGES:
        raise Skipped(f"a graph of {expected.sum():,} pairs of pods is too large for this bench")
    parts = [
        _block(begins[one], begins[other], sizes, weight, aligned)
        for one, other, sizes, weight, aligned in zip(
            rows[once].tolist(),
            view.others[once].tolist(),
            zip(
                view.sizes[rows[once]].tolist(), view.sizes[view.others[once]].tolist(), strict=True
            ),
            view.weights[once].tolist(),
            view.aligned[once].tolist(),
            strict=True,
        )
    ]
    ones, others, weights = (np.concatenate(each) for each in zip(*parts, strict=True))
    keys, inverse = np.unique(ones * view.sizes.sum() + others, return_inverse=True)
    summed = np.bincount(inverse, weights)
    scaled = np.clip(np.rint(summed * (precision / summed.sum())), 1, LARGEST_EDGE)
    return PodGraph(
        keys // view.sizes.sum(), keys % view.sizes.sum(), scaled.astype(np.int64), _loads(view)
    )


def shares(view: View) -> Floats:
    """The share of all capacity that each node has."""
    cpu_and_memory = view.room[:, :2] / view.room[:, :2].sum(axis=0)
    found: Floats = cpu_and_memory.mean(axis=1)
    return found


def _block(
    one: int, other: int, sizes: tuple[int, int], weight: float, aligned: bool
) -> tuple[Ints, Ints, Floats]:
    """The edges between the pods of two services."""
    rows, columns = sizes
    if not aligned:
        mine, theirs = np.divmod(np.arange(rows * columns), columns)
        return one + mine, other + theirs, np.full(rows * columns, weight / (rows * columns))
    cuts = np.union1d(np.arange(rows + 1) * columns, np.arange(columns + 1) * rows)
    shares_ = np.diff(cuts) * (weight / (rows * columns))
    return one + cuts[:-1] // columns, other + cuts[:-1] // rows, shares_


def _loads(view: View) -> Ints:
    room = view.room[:, :2].sum(axis=0)
    size = (view.requests[:, :2] / room).max(axis=1)
    loads = np.maximum(1, np.rint(size / size.mean() * 50)).astype(np.int64)
    found: Ints = loads[repairs.owners(view)]
    return found
