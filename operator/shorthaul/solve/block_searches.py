"""A whole search by blocks of pods: some beginnings, and what they are good for together.

Few turns cool one beginning. More cool several; where HiGHS is installed, the best mixture of what
nodes hold in all of them is searched around, and mixed again, which finds what none of them found;
without it the best of fewer is cooled once more. See docs/decisions/0035.
"""

from collections.abc import Callable

from shorthaul.solve import linear_programs
from shorthaul.solve.engine import Blocks
from shorthaul.solve.kernels.layouts import Narrow

SEVERAL = 60_000
BEGINNINGS, SHARE, WARMTH = 3, 0.6, 0.125
MOST_MIXED, LEAST_TURNS, MIXED_SHARE, MIXED_WARMTH = 12, 12_000, 0.75, 0.02
CHILDREN = 4
SEEDS = MOST_MIXED + CHILDREN

Cool = Callable[[Blocks, int, float], bool]
"""Searches from where blocks are: so many turns, so warm at first; whether there is time left."""


def run(blocks: Blocks, turns: int, cool: Cool, price: int, seed: int) -> Blocks:
    """The best found in so many turns; a net move costs `price`, in cost units."""
    if turns < SEVERAL:
        cool(blocks, turns, 1.0)
        return blocks
    mixing = linear_programs.available()
    number = min(MOST_MIXED, turns // LEAST_TURNS) if mixing else BEGINNINGS
    share = int((MIXED_SHARE if mixing else SHARE) * turns)
    first = seed * SEEDS
    found = [blocks, *(blocks.again(first + each) for each in range(1, number))]
    for each in found:
        cool(each, share // number, 1.0)
    best = max(found, key=_saved)
    pool = [each.counts for each in found]
    mixed = _mixed(best, pool, price) if mixing else None
    if mixed is None:
        cool(best, turns - share, WARMTH)
        return best
    best = max(best, mixed, key=_saved)
    for child in range(CHILDREN):
        near = best.at(best.counts, price, first + MOST_MIXED + child)
        if near is None or not cool(near, (turns - share) // CHILDREN, MIXED_WARMTH):
            return best
        found.append(near)
        pool.append(near.counts)
    mixed = _mixed(best, pool, price)
    return max(best, *found[-CHILDREN:], *([mixed] if mixed else []), key=_saved)


def _mixed(blocks: Blocks, pool: list[Narrow], price: int) -> Blocks | None:
    """Where the best mixture is, if one can be made."""
    counts = blocks.mixture(pool, price)
    return None if counts is None else blocks.at(counts, price, 0)


def _saved(blocks: Blocks) -> int:
    return blocks.saved
