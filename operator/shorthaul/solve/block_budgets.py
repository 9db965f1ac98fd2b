"""A search by blocks of pods within a budget of net moves, from today's placement.

The price of a move follows how many there are, stage by stage (a Lagrange multiplier), as in
`searches`, so that moves go to what gains most. Pods without traffic stay where they are, since
each that gives way is a move as well. A few short searches find more than a long one.
"""

from collections.abc import Callable

from shorthaul.solve.engine import Blocks
from shorthaul.solve.kernels.layouts import Ints, Narrow
from shorthaul.solve.move_prices import SQUEEZE, SQUEEZES, bearable, dearer

MOST_BEGINNINGS, LEAST_TURNS = 6, 15_000

Ruin = Callable[[Blocks, int, int, Ints], bool]
"""So many turns at a price of a move and some heats; whether there is time for more."""


def run(blocks: Blocks, turns: int, heats: Ints, ruin: Ruin, *, most: int, floor: int) -> Narrow:
    """Where nodes hold so many of each group (groups, nodes), at most `most` net moves from where
    the blocks begin; a net move costs `floor` at least, in cost units."""
    number = max(1, min(MOST_BEGINNINGS, turns // LEAST_TURNS))
    found = []
    for beginning in range(number):
        one = blocks if beginning == 0 else blocks.again(blocks.seed * MOST_BEGINNINGS + beginning)
        found.append(_Best(one, most, floor))
        if not _searched(found[-1], turns // number, heats, ruin):
            break
    return max(found, key=lambda best: best.saved).counts


class _Best:
    """One search, and the best within the budget so far."""

    def __init__(self, blocks: Blocks, most: int, floor: int) -> None:
        self.blocks, self.most, self.floor = blocks, most, floor
        self.saved, self.counts = 0, blocks.here

    def note(self) -> None:
        """Keeps where the blocks are if it is the best within the budget."""
        blocks = self.blocks
        saved = blocks.gained - self.floor * blocks.moved
        if blocks.moved <= self.most and saved > self.saved:
            self.saved, self.counts = saved, blocks.here


def _searched(best: _Best, turns: int, heats: Ints, ruin: Ruin) -> bool:
    """One search, stage by stage; then moves become dearer until there are few enough. Whether
    there is time for more."""
    blocks, most = best.blocks, best.most
    each, price = max(1, turns // len(heats)), float(blocks.price_of_one(most))
    for stage in range(len(heats)):
        more = ruin(blocks, each, max(best.floor, int(price)), heats[stage : stage + 1])
        best.note()
        if not more:
            return False
        price = bearable(price * dearer(blocks.moved, most), blocks.talking)
    for _ in range(SQUEEZES):
        if blocks.moved <= most:
            break
        price = bearable(price * SQUEEZE, blocks.talking)
        if not ruin(blocks, each, max(best.floor, int(price)), heats[:1] * 0):
            return False
    best.note()
    return True
