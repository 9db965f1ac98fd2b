"""What a net move costs in a search, so that there are about as many as may be."""

import math

MOST_FOR_ALL_MOVES = 2.0**60
BUDGET_LAXITY = 0.1
SQUEEZES, SQUEEZE = 40, 1.1
"""Where too many moved in the end: so often a move becomes so many times as dear."""


def bearable(price: float, pods: int) -> float:
    """A price of a move at which that of all moves is still far from what 64 bits hold."""
    return min(price, MOST_FOR_ALL_MOVES / max(1, pods))


def dearer(moved: int, most: int) -> float:
    """How much dearer a move should be where there are so many of at most so many (Lagrange)."""
    lax = BUDGET_LAXITY * most
    return min(2.0, max(0.5, math.sqrt((moved + lax) / (most + lax))))
