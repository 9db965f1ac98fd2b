"""Random draws that are the same on every machine and with every library version.

A permuted congruential generator (PCG-XSH-RR 64/32, O'Neill 2014) in plain integers: the pure part
may not import a random source, and a plan has to be the same byte for byte for a seed.
"""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_MULTIPLIER = 6364136223846793005
_MASK = 2**64 - 1


class Draws:
    """A stream of draws; the same seed and stream number give the same draws."""

    def __init__(self, seed: int, stream: int = 0) -> None:
        self._increment = (stream * 2 + 1) & _MASK
        self._state = (self._increment + seed) & _MASK
        self.word()

    def word(self) -> int:
        """32 random bits."""
        old = self._state
        self._state = (old * _MULTIPLIER + self._increment) & _MASK
        mixed = (((old >> 18) ^ old) >> 27) & 0xFFFFFFFF
        turn = old >> 59
        return ((mixed >> turn) | (mixed << (32 - turn))) & 0xFFFFFFFF

    def below(self, limit: int) -> int:
        """A number from 0 to limit - 1; the bias is below limit / 2**32."""
        return (self.word() * limit) >> 32

    def chance(self, percent: int) -> bool:
        """True in so many of 100 draws."""
        return self.below(100) < percent

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order (Fisher and Yates)."""
        found = list(items)
        for last in range(len(found) - 1, 0, -1):
            other = self.below(last + 1)
            found[last], found[other] = found[other], found[last]
        return found
