"""How often each pattern of flows came to a window, until somebody has to know of whom.

Adding up by pattern is work on numbers, and a pattern is turned into a pair of pods once for each
window, and not for each flow. Patterns are kept in the order in which they first came, since a
window that is full takes no more pairs after that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from shorthaul.traffic.flow_tables import Counts, Numbers, Patterns

_ROOM = 1 << 10


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Some patterns that are numbered together, in the order in which they came, and their sums."""

    patterns: Patterns
    numbers: Numbers
    lines: npt.NDArray[np.int64]
    events: npt.NDArray[np.int64]


class PatternCounts:
    """Lines and events of patterns, in the order in which these first came."""

    def __init__(self) -> None:
        self._counted: dict[int, _Counts] = {}
        self._order: list[tuple[_Counts, Numbers]] = []

    def __bool__(self) -> bool:
        return bool(self._order)

    def add(self, patterns: Patterns, numbers: Numbers, events: Counts) -> None:
        """Takes flows, by the numbers of their patterns."""
        counts = self._counted.get(id(patterns))
        if counts is None:
            counts = self._counted[id(patterns)] = _Counts(patterns)
        fresh = counts.add(numbers, events)
        if len(fresh):
            self._order.append((counts, fresh))

    def sums(self) -> Iterator[Counted]:
        """All patterns that came, in the order of coming."""
        for counts, parts in groupby(self._order, itemgetter(0)):
            numbers = np.concatenate([numbers for _, numbers in parts])
            yield Counted(counts.patterns, numbers, counts.lines[numbers], counts.events[numbers])


class _Counts:
    """The lines and events of patterns that are numbered together."""

    def __init__(self, patterns: Patterns) -> None:
        self.patterns = patterns
        self.lines = np.zeros(_ROOM, np.int64)
        self.events = np.zeros(_ROOM, np.int64)

    def add(self, numbers: Numbers, events: Counts) -> Numbers:
        """Takes flows; gives the patterns that had not come before, in order."""
        self._grow(int(numbers.max(initial=-1)) + 1)
        fresh = numbers[self.lines[numbers] == 0]
        _, first = np.unique(fresh, return_index=True)
        np.add.at(self.lines, numbers, 1)
        np.add.at(self.events, numbers, events.astype(np.int64))
        came: Numbers = fresh[np.sort(first)]
        return came

    def _grow(self, room: int) -> None:
        if room > len(self.lines):
            more = np.zeros(max(room, 2 * len(self.lines)) - len(self.lines), np.int64)
            self.lines = np.concatenate((self.lines, more))
            self.events = np.concatenate((self.events, more))
