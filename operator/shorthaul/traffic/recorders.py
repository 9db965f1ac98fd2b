"""Takes flow events as they come and closes one window after the other.

Events come late and out of order (several files, Relay's sorting, clocks that go back), so a window
stays open for a while after its end; what is later still is counted and refused, and so is what
claims to be from the future, which would otherwise close windows early. Time is an argument:
windows close only when `close` is told the time, which the caller does when the source is
read up, so that a backlog is not taken for silence.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np

from shorthaul.traffic.flow_tables import Flows, FlowTable
from shorthaul.traffic.flows import NANOSECONDS, AnchorFlow, Flow, Heard, Lost, Unread
from shorthaul.traffic.observations import AnchorSum, ObserverSum
from shorthaul.traffic.pair_counts import PairCounts
from shorthaul.traffic.window_averages import Ends
from shorthaul.traffic.windows import Window, WindowRules
from shorthaul.units import NodeName

_Sums = dict[NodeName, list[int]]


@dataclass(slots=True)
class _Open:
    """A window in the making; `limit` is of pairs of pods, and of pods and places."""

    limit: int
    pairs: PairCounts
    lines: Counter[NodeName]
    anchored: dict[Ends, _Sums] = field(default_factory=dict)
    lost: Counter[NodeName] = field(default_factory=Counter)
    unread: set[NodeName] = field(default_factory=set)
    surplus_events: int = 0

    def take_anchored(self, flow: AnchorFlow) -> None:
        """Adds events with a named place outside."""
        self.lines[flow.observer] += 1
        sums = self.anchored.get(flow.ends)
        if sums is None:
            if len(self.anchored) >= self.limit:
                self.surplus_events += flow.events
                return
            sums = self.anchored[flow.ends] = {}
        sums.setdefault(flow.observer, [0, 0])[flow.reply] += flow.events


def _open(limit: int) -> _Open:
    lines = Counter[NodeName]()
    return _Open(limit, PairCounts(limit, lines), lines)


class Recorder:
    """Open windows, the newest closed ones, and counts of what was refused since the start."""

    def __init__(self, rules: WindowRules, now_seconds: float) -> None:
        self.rules = rules
        self.late_events = 0
        self.early_events = 0
        self.partial_events = 0
        self.windows: deque[Window] = deque(maxlen=rules.kept_windows)
        self._next = int(now_seconds) // rules.window_seconds - rules.kept_windows
        self._started = False
        self._open: dict[int, _Open] = {}

    def add(self, flow: Flow, now_seconds: float) -> None:
        """Takes one flow, or counts why not."""
        window = self._window(flow.time_nanoseconds // NANOSECONDS, flow.events, now_seconds)
        if window is not None:
            window.pairs.add(flow)

    def add_all(self, flows: Collection[Flow], now_seconds: float) -> None:
        """Takes flows as `add` would take each of them, many at a time where they are in tables."""
        if isinstance(flows, Flows):
            for part in flows.parts:
                self.add_all(part, now_seconds)
        elif isinstance(flows, FlowTable) and flows.addable:
            self._add_table(flows, now_seconds)
        else:
            for flow in flows:
                self.add(flow, now_seconds)

    def _add_table(self, table: FlowTable, now_seconds: float) -> None:
        seconds = table.times // NANOSECONDS
        indices = seconds // self.rules.window_seconds
        early = seconds > now_seconds + self.rules.lead_seconds
        late = ~early & (indices < self._earliest(now_seconds))
        self.early_events += int(table.events[early].sum())
        self.late_events += int(table.events[late].sum())
        taken = ~(early | late)
        for index in np.unique(indices[taken]).tolist():
            rows = taken & (indices == index)
            window = self._opened(index)
            window.pairs.count(table.patterns, table.numbers[rows], table.events[rows])

    def add_anchored(self, flow: AnchorFlow, now_seconds: float) -> None:
        """Takes events with a named place outside, or counts why not."""
        window = self._window(flow.time_nanoseconds // NANOSECONDS, flow.events, now_seconds)
        if window is not None:
            window.take_anchored(flow)

    def hear(self, heard: Heard, now_seconds: float) -> None:
        """Takes a sign of life."""
        window = self._window(heard.seconds, 0, now_seconds)
        if window is not None:
            window.lines[heard.observer] += heard.lines

    def lose(self, lost: Lost, now_seconds: float) -> None:
        """Takes a report of lost events; one without a usable time is of now."""
        told = lost.time_nanoseconds // NANOSECONDS
        window = self._window(told, 0, now_seconds) if told else None
        if window is None:
            window = self._opened(self._index(now_seconds))
        window.lost[lost.observer] += lost.events

    def miss(self, unread: Unread, now_seconds: float) -> None:
        """Takes a node for blind in the windows that are open of a stretch that was not read."""
        width = self.rules.window_seconds
        begin, end = unread.begin_nanoseconds / NANOSECONDS, unread.end_nanoseconds / NANOSECONDS
        first, last = self._index(begin), self._index(min(end, now_seconds))
        for index in range(max(first, self._earliest(now_seconds)), last + 1):
            missing = min(end, (index + 1) * width) - max(begin, index * width)
            if missing > self.rules.lost_share_limit * width:
                self._opened(index).unread.add(unread.observer)

    def close(
        self, now_seconds: float, expected: frozenset[NodeName] | None = None
    ) -> tuple[Window, ...]:
        """Closes the windows whose time is over; `expected` are the nodes that exist now."""
        due = self._index(now_seconds - self.rules.lateness_seconds)
        if not self._started:
            self._start(due)
        if not self._started:
            return ()
        closed = []
        for index in self._due(due):
            window = self._closed(index, expected)
            self.windows.append(window)
            closed.append(window)
        self._next = max(self._next, due)
        for index in [index for index in self._open if index < due]:
            del self._open[index]
        return tuple(closed)

    def _due(self, due: int) -> list[int]:
        """Every window with something in it, and the empty ones that would be kept."""
        filled = {index for index in self._open if self._next <= index < due}
        return sorted(filled.union(range(max(self._next, due - self.rules.kept_windows), due)))

    def _start(self, due: int) -> None:
        """Begins after the first window with events in it, which was joined in its middle."""
        first = min(self._open, default=due)
        if first >= due:
            self._next = max(self._next, due)
            return
        self._started = True
        self._next = first + 1
        taken = self._open.pop(first)
        told = [sum(each) for sums in taken.anchored.values() for each in sums.values()]
        self.partial_events = int(taken.pairs.sums().events.sum()) + sum(told)

    def _index(self, seconds: float) -> int:
        return int(seconds // self.rules.window_seconds)

    def _earliest(self, now_seconds: float) -> int:
        return max(self._next, self._index(now_seconds) - self.rules.kept_windows)

    def _window(self, seconds: int, events: int, now_seconds: float) -> _Open | None:
        if seconds > now_seconds + self.rules.lead_seconds:
            self.early_events += events
            return None
        index = self._index(seconds)
        if index < self._earliest(now_seconds):
            self.late_events += events
            return None
        return self._opened(index)

    def _opened(self, index: int) -> _Open:
        found = self._open.get(index)
        if found is None:
            found = self._open[index] = _open(self.rules.pair_limit)
        return found

    def _closed(self, index: int, expected: frozenset[NodeName] | None) -> Window:
        taken = self._opened(index)
        pairs = taken.pairs.sums()
        names = sorted({*taken.lines, *taken.lost})
        observers = {name: ObserverSum(taken.lines[name], taken.lost[name]) for name in names}
        return Window(
            start_seconds=index * self.rules.window_seconds,
            seconds=self.rules.window_seconds,
            pairs=pairs,
            observers=observers,
            blind=self._unheard(taken, expected) | self._lossy(observers),
            usable=not self._too_lossy(observers.values()),
            surplus_events=taken.surplus_events + taken.pairs.surplus_events,
            anchored={key: _anchored(key, sums) for key, sums in taken.anchored.items()},
        )

    def _unheard(self, taken: _Open, expected: frozenset[NodeName] | None) -> frozenset[NodeName]:
        """Nodes that were not read, and those that reported lately and do not in this window.

        A node that no longer exists is not missed; one that exists is, until it speaks again or
        its last report has left the kept windows.
        """
        recent = [node for window in self.windows for node in window.observers if node]
        silent = (frozenset(recent) - frozenset(taken.lines)) | taken.unread
        return silent if expected is None else silent & expected

    def _lossy(self, observers: dict[NodeName, ObserverSum]) -> frozenset[NodeName]:
        return frozenset(name for name, sums in observers.items() if self._too_lossy([sums]))

    def _too_lossy(self, observers: Iterable[ObserverSum]) -> bool:
        sums = list(observers)
        lost = sum(observer.lost_events for observer in sums)
        return lost > self.rules.lost_share_limit * (lost + sum(each.lines for each in sums))


def _anchored(key: Ends, sums: _Sums) -> AnchorSum:
    client, server = key
    forward, backward = zip(*sums.values(), strict=True)
    observers = frozenset(observer for observer in sums if observer)
    return AnchorSum(client, server, sum(forward), sum(backward), observers)
