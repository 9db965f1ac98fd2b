"""What tells a message that comes twice: marks of the last ones of a domain.

A mark is a number that is equal for equal bytes. Which number is the reader's matter, since the
compiled one finds repeats by itself (`kernels/messages.h`).
"""

from collections import deque
from typing import Protocol

from shorthaul.telemetry.netflow.limits import REMEMBERED_MESSAGES


class Marks(Protocol):
    """The marks of one domain."""

    def repeated(self, data: bytes) -> bool:
        """Whether this very message came a short while ago; if not, it is remembered."""
        ...


class PlainMarks:
    """Marks by Python's own hash."""

    __slots__ = ("_order", "_recent")

    def __init__(self) -> None:
        self._recent: set[int] = set()
        self._order: deque[int] = deque()

    def repeated(self, data: bytes) -> bool:
        """Whether this very message came a short while ago; if not, it is remembered."""
        mark = hash(data)
        if mark in self._recent:
            return True
        self._recent.add(mark)
        self._order.append(mark)
        if len(self._order) > REMEMBERED_MESSAGES:
            self._recent.discard(self._order.popleft())
        return False
