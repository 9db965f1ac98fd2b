"""The network as cells: each node, rack, zone and region is one, and a node lies in four of them.

Distance on a tree is a sum over levels, so what traffic keeps inside a cell saves the step from
that level to the next one up. Counts per cell are all that uniform and local routing need: a
change of one pod touches four cells (research: 2 to 6 us a step, no pod pairs).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from shorthaul.solve.problems import Bools, Ints, Problem
from shorthaul.units import TIERS

LEVELS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells are numbered level by level; `of_node` is (nodes, levels), `steps` prices per level.

    `zoned` tells which nodes have a zone; one that has none is a zone of its own, or its rack is.

    A level that divides the nodes as the one inside it does hands its step to that one, and a
    level with one cell for all nodes keeps everything: `constant` is its step.
    """

    of_node: Ints
    starts: tuple[int, ...]
    steps: tuple[float, ...]
    host: float
    constant: float
    zoned: Bools
    scale: float

    def steps_of(self, prices: Sequence[float]) -> tuple[float, ...]:
        """The steps of a link that has prices of its own, in cost units."""
        return _folded(prices, self.starts)[0]

    @property
    def number(self) -> int:
        """How many cells there are."""
        return self.starts[-1]

    def slice(self, level: int) -> slice:
        """The cells of one level."""
        return slice(self.starts[level], self.starts[level + 1])

    def spread(self, counts: Ints) -> Ints:
        """Counts per node (rows, nodes) as counts per cell (rows, cells)."""
        found = np.zeros((counts.shape[0], self.number), dtype=np.int64)
        for level in range(LEVELS):
            for node, cell in enumerate(self.of_node[:, level].tolist()):
                found[:, cell] += counts[:, node]
        return found


def cells(problem: Problem) -> Cells:
    """Numbers the cells of a problem and prices its levels."""
    size = len(problem.nodes)
    rows = [np.arange(size), *problem.tiers]
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + (int(row.max()) + 1 if size else 0))
    of_node = np.array(
        [row + start for row, start in zip(rows, starts[:-1], strict=True)], dtype=np.int64
    ).T.copy()
    prices = [problem.pricing.tiers[tier] * problem.scale for tier in TIERS]
    steps, constant = _folded(prices, starts)
    return Cells(of_node, tuple(starts), steps, prices[0], constant, problem.zoned, problem.scale)


def _folded(prices: Sequence[float], starts: Sequence[int]) -> tuple[tuple[float, ...], float]:
    """The step of each level, and what the levels with one cell keep."""
    steps = [far - near for near, far in pairwise(prices)]
    widths = [after - before for before, after in pairwise(starts)]
    constant = 0.0
    for level in range(LEVELS - 1, -1, -1):
        if widths[level] <= 1:
            constant, steps[level] = constant + steps[level], 0.0
        elif level and widths[level] == widths[level - 1]:
            steps[level - 1], steps[level] = steps[level - 1] + steps[level], 0.0
    return tuple(steps), constant
