"""How often each pattern of flows came to a window, until somebody has to know of whom.

Adding up by pattern is work on numbers; pairs of pods are looked up once for each pattern and
window, and not for each flow. Patterns are kept in the order in which they first came, since a
window that is full takes no more pairs after that.
"""

from collections.abc import Iterator

import numpy as np

from shorthaul.traffic.flow_tables import Counts, Numbers, Patterns
from shorthaul.traffic.flows import Flow

_ROOM = 1 << 10


class PatternCounts:
    """Lines and events of patterns, in the order in which these first came."""

    def __init__(self) -> None:
        self.counted: dict[int, _Counts] = {}
        self._order: list[tuple[_Counts, Numbers]] = []

    def add(self, patterns: Patterns, numbers: Numbers, events: Counts) -> None:
        """Takes flows, by the numbers of their patterns."""
        counts = self.counted.get(id(patterns))
        if counts is None:
            counts = self.counted[id(patterns)] = _Counts(patterns)
        fresh = counts.add(numbers, events)
        if len(fresh):
            self._order.append((counts, fresh))

    def sums(self) -> Iterator[tuple[Flow, int, int]]:
        """Each pattern that came with its lines and events, in the order of coming."""
        for counts, numbers in self._order:
            columns = numbers, counts.lines[numbers], counts.events[numbers]
            for number, lines, events in zip(*(each.tolist() for each in columns), strict=True):
                yield counts.patterns[number], lines, events


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
