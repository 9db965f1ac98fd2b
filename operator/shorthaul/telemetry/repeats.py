"""Which reports were read before: rotated sets and copies overlap, and nothing may count twice.

A report is known by its uuid, observer and time together. Only 8 bytes of their hash are kept, in
one flat table, since a recording can hold many millions of lines; beyond the limit nothing more is
remembered, and `full` says so. Two different reports are taken for one with odds below
1 in 100,000 for ten million lines.
"""

from array import array

LIMIT_REPORTS = 10_000_000
_FIRST_SLOTS = 1 << 12


class Repeats:
    """A set of 64-bit hashes with open addressing; it only grows."""

    def __init__(self, limit: int = LIMIT_REPORTS) -> None:
        self._limit = limit
        self._slots = array("Q", bytes(8 * _FIRST_SLOTS))
        self._filled = 0

    @property
    def full(self) -> bool:
        """Whether it stopped to remember, so that later repeats are not noticed."""
        return self._filled >= self._limit

    def seen(self, key: tuple[str, str, int]) -> bool:
        """Whether a report was seen before; remembers it if not."""
        mark = hash(key) & 0xFFFF_FFFF_FFFF_FFFF or 1
        slot = self._find(mark)
        if self._slots[slot] == mark:
            return True
        if not self.full:
            self._slots[slot] = mark
            self._filled += 1
            if self._filled * 3 > len(self._slots) * 2:
                self._grow()
        return False

    def _find(self, mark: int) -> int:
        slots, mask = self._slots, len(self._slots) - 1
        slot = mark & mask
        while slots[slot] not in (0, mark):
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        marks, self._slots = self._slots, array("Q", bytes(16 * len(self._slots)))
        for mark in marks:
            if mark:
                self._slots[self._find(mark)] = mark
