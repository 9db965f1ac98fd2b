"""Events of pairs of pods in an open window, in columns, for as many pairs as it may have.

Flows wait in the order in which they came, single ones in a list of numbers and those of tables as
counts of patterns, and are added to the columns many at a time. A window that is full takes no more
pairs, so which of the two came first is kept: one is added before the other begins to wait.
"""

from array import array
from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from shorthaul.traffic.flow_tables import SMALL_EVENTS, Counts, Numbered, Numbers, Patterns
from shorthaul.traffic.flows import Flow
from shorthaul.traffic.node_sets import NodeSets, Sets, Truths
from shorthaul.traffic.pair_sums import Amounts, Keys, PairSums, among, ends_of, in_order, keys_of
from shorthaul.traffic.pattern_counts import Counted, PatternCounts
from shorthaul.units import NodeName, PodRef

WAITING = 1 << 16
_Events = npt.NDArray[np.int64]
_Each = TypeVar("_Each", bound=Hashable)


class PairCounts:
    """Sums of flows by client, server, direction and observer; `limit` is of clients and servers.

    All flows are added to `lines`. `surplus_events` are those of pairs that found no room, as far
    as flows do not wait.
    """

    def __init__(self, limit: int, lines: Counter[NodeName]) -> None:
        self._lines = lines
        self.surplus_events = 0
        self._limit = limit
        self._pods, self._observers = Numbered[PodRef](), Numbered[NodeName]()
        self._patterns = PatternCounts()
        self._waiting = array("q"), array("i"), array("q")
        # Different and in order: each pair's key with its side, which is an observer's number
        # doubled, plus one for replies.
        self._keys, self._sides = np.empty(0, np.int64), np.empty(0, np.int32)
        self._events = np.empty(0, np.int64)
        self._pairs = 0
        self._large: Counter[tuple[int, int]] = Counter()

    def add(self, flow: Flow) -> None:
        """Takes one flow."""
        if self._patterns:
            self.settle()
        self._lines[flow.observer] += 1
        if self._pairs >= self._limit and not self._pods.has(flow.client, flow.server):
            self.surplus_events += flow.events
            return
        key = self._pods.number(flow.client) << 32 | self._pods.number(flow.server)
        side = self._observers.number(flow.observer) << 1 | flow.reply
        events = flow.events
        if events >= SMALL_EVENTS:
            self._large[key, side] += events
            events = 0
        keys, sides, counts = self._waiting
        keys.append(key)
        sides.append(side)
        counts.append(events)
        if len(keys) > max(WAITING, len(self._keys) >> 1):
            self.settle()

    def count(self, patterns: Patterns, numbers: Numbers, events: Counts) -> None:
        """Takes flows of a table by the numbers of their patterns."""
        if self._waiting[0]:
            self.settle()
        self._patterns.add(patterns, numbers, events)

    def settle(self) -> None:
        """Adds what waits."""
        keys, sides, events = self._waiting
        if keys:
            self._waiting = array("q"), array("i"), array("q")
            self._merge(
                np.frombuffer(keys, np.int64),
                np.frombuffer(sides, np.int32),
                np.frombuffer(events, np.int64),
            )
        patterns, self._patterns = self._patterns, PatternCounts()
        for counted in patterns.sums():
            self._add_patterns(counted)

    def sums(self) -> PairSums:
        """The sums pair by pair; takes what was counted away."""
        self.settle()
        keys, events, sides = self._keys, self._exact(), self._sides
        self._keys, self._sides, self._events = keys[:0], sides[:0], events[:0]
        pods, clients, servers = self._ordered(keys)
        order = np.argsort(keys_of(clients, servers), kind="stable")
        keys = keys_of(clients, servers)[order]
        changes, events, sides = _changes(keys), events[order], sides[order]
        begins, which = np.flatnonzero(changes), np.cumsum(changes, dtype=np.int32) - 1
        replies, nodes = (sides & 1).astype(np.bool_), NodeSets()
        return PairSums(
            pods,
            *ends_of(keys[begins]),
            _added(np.where(replies, 0, events), begins),
            _added(np.where(replies, events, 0), begins),
            nodes.sets,
            self._seen(nodes, which, sides, ~replies),
            self._seen(nodes, which, sides, replies),
        )

    def _add_patterns(self, counted: Counted) -> None:
        patterns, numbers = counted.patterns, counted.numbers
        clients, servers, replies, observers = (each[numbers] for each in patterns.columns())
        pods = _numbers(self._pods, patterns.pods, (clients, servers))
        names = _numbers(self._observers, patterns.observers, (observers,))
        for observer, lines in enumerate(np.bincount(observers, counted.lines).tolist()):
            if lines:
                self._lines[patterns.observers[observer]] += int(lines)
        self._merge(
            keys_of(pods[clients], pods[servers]), names[observers] << 1 | replies, counted.events
        )

    def _merge(self, keys: Keys, sides: Numbers, events: _Events) -> None:
        """Adds flows in the order of coming; the first pairs that come find room."""
        known = among(keys, self._keys)
        fresh, first = np.unique(keys[~known], return_index=True)
        if (room := self._limit - self._pairs) < len(fresh):
            fresh = np.sort(fresh[np.argsort(first)[:room]])
            taken = known | among(keys, fresh)
            self.surplus_events += int(events[~taken].sum())
            keys, sides, events = keys[taken], sides[taken], events[taken]
        self._pairs += len(fresh)
        keys, sides = np.concatenate((self._keys, keys)), np.concatenate((self._sides, sides))
        events = np.concatenate((self._events, events))
        order = np.lexsort((sides, keys))
        keys, sides = keys[order], sides[order]
        begins = np.flatnonzero(_changes(keys) | _changes(sides))
        self._keys, self._sides = keys[begins], sides[begins]
        self._events = _added(events[order], begins)

    def _exact(self) -> Amounts:
        """The events row by row; those of flows too large for columns come in here."""
        large, self._large = self._large, Counter()
        if not large:
            return self._events
        events = self._events.astype(object)
        for (key, side), more in large.items():
            begin, end = np.searchsorted(self._keys, (key, key + 1)).tolist()
            if begin == end:
                self.surplus_events += more
            else:
                events[begin + int(np.searchsorted(self._sides[begin:end], side))] += more
        return events

    def _ordered(self, keys: Keys) -> tuple[list[PodRef], Numbers, Numbers]:
        """The pods that keys are of, in order, and their numbers among these."""
        clients, servers = ends_of(keys)
        there = np.unique(np.concatenate((clients, servers))).tolist()
        pods = in_order(self._pods.values[number] for number in there)
        found = np.zeros(len(self._pods.values), np.int32)
        for number, pod in enumerate(pods):
            found[self._pods.number(pod)] = number
        return pods, found[clients], found[servers]

    def _seen(self, nodes: NodeSets, which: Numbers, sides: Numbers, rows: Truths) -> Sets:
        """Pair by pair, the set of the observers that saw it in one direction."""
        found = np.zeros(int(which[-1]) + 1 if len(which) else 0, np.int32)
        names, which, observers = self._observers.values, which[rows], sides[rows] >> 1
        single = np.zeros(len(names), np.int32)
        for observer in np.unique(observers).tolist():
            single[observer] = nodes.number(frozenset((names[observer],)))
        found[which] = single[observers]
        several = np.flatnonzero(np.bincount(which, minlength=1)[which] > 1)
        told = zip(which[several].tolist(), observers[several].tolist(), strict=True)
        for pair, its in groupby(told, itemgetter(0)):
            found[pair] = nodes.number(frozenset(names[observer] for _, observer in its))
        return found


def _numbers(
    numbered: Numbered[_Each], values: Sequence[_Each], columns: tuple[Numbers, ...]
) -> Numbers:
    """By the numbers of values that are in columns, ours of the same values."""
    found = np.zeros(len(values), np.int32)
    for number in np.unique(np.concatenate(columns)).tolist():
        found[number] = numbered.number(values[number])
    return found


def _changes(column: Numbers | Keys) -> Truths:
    """Which rows are not as the one before."""
    found: Truths = np.diff(column, prepend=-1) != 0
    return found


def _added(events: Amounts, begins: npt.NDArray[np.intp]) -> Amounts:
    """Sums of rows from each beginning to the next."""
    return np.add.reduceat(events, begins) if len(begins) else events[:0]
