"""What exporters sent, added up over all collectors: received + lost = sent, by their own numbers.

An exporter's messages may reach now one collector and now another: when it is handed over, when one
ends, while they differ on whose it is. Each tells which numbers came to it, together with what they
brought; only all of them say what came to nobody. So nothing is lost because an exporter moved, and
nothing that was lost is missing because its collector is gone: its successor goes on at a number.

A collector that tells late fills what was missing before. Units are those of each version: flows of
v5, messages of v9, data records of IPFIX. Pure; what is kept is bounded.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from shorthaul.telemetry.netflow.sequences import LONGEST_LEAP, WORD, is_later
from shorthaul.telemetry.netflow_lines import NumbersLine

MOST_DOMAINS = 65_536
"""Domains of exporters; of more those that were silent for longest are forgotten."""
MOST_GAPS = 1_024
"""Of one domain, what is missing: older ones stay lost."""
_SLACK_MILLISECONDS = 2_000
"""Collectors flush at most so far apart, and their clocks differ by less."""


class Account(NamedTuple):
    """What some windows add to what came and to what is missing; the second can fall again."""

    received: int = 0
    lost: int = 0

    def share(self) -> float:
        """Of what was sent, how much is missing."""
        lost = max(0, self.lost)
        return lost / (self.received + lost) if lost else 0.0


class _Key(NamedTuple):
    exporter: str
    port: int
    domain: int
    version: int
    rule: int


class _Told(NamedTuple):
    """A span, when it was told, and when its exporter began."""

    begin: int
    units: int
    moment: int
    boot: int


@dataclass(slots=True)
class _Joined:
    """One domain over all collectors, on a line of numbers without wraps."""

    expected: int | None = None
    first: int = 0
    since: int = 0
    boot: int = 0
    newest: int = 0
    received: int = 0
    lost: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)

    def take(self, told: _Told) -> None:
        """Takes one span of numbers."""
        self.received += told.units
        if self.expected is None:
            self._begin(told)
            return
        ahead = (told.begin - self.expected) % WORD
        ahead -= WORD if ahead >= WORD // 2 else 0
        begins = self.expected + ahead
        anew, before = is_later(told.boot, self.boot), is_later(self.boot, told.boot)
        late = told.moment + _SLACK_MILLISECONDS < self.newest
        if before:
            return
        if anew:
            self._begin(told)
        elif 0 <= ahead <= LONGEST_LEAP and not (late and ahead):
            self._go_on(begins, told)
        elif not self._fill(begins, begins + told.units):
            self._go_back(begins, told, late=late)
        self.newest = max(self.newest, told.moment)

    def _begin(self, told: _Told) -> None:
        self.gaps.clear()
        self.boot, self.first, self.since = told.boot, told.begin, told.moment
        self.newest = max(self.newest, told.moment)
        self.expected = told.begin + told.units

    def _go_back(self, begins: int, told: _Told, *, late: bool) -> None:
        """A piece of the beginning that another collector has, or the exporter has begun anew."""
        ends = begins + told.units
        first = ends <= self.first <= ends + LONGEST_LEAP
        if first and (late or told.moment <= self.since + _SLACK_MILLISECONDS):
            if ends < self.first:
                self.lost += self.first - ends
                self.gaps.append((ends, self.first))
            self.first = begins
        elif not late:
            self._begin(told)

    def _go_on(self, begins: int, told: _Told) -> None:
        assert self.expected is not None
        if begins > self.expected:
            self.lost += begins - self.expected
            self.gaps.append((self.expected, begins))
            del self.gaps[:-MOST_GAPS]
        self.expected = begins + told.units
        self.boot = told.boot or self.boot

    def _fill(self, begins: int, ends: int) -> bool:
        """Takes back what was missing and has come; whether anything was."""
        rest = list[tuple[int, int]]()
        filled = 0
        for first, last in self.gaps:
            low, high = max(first, begins), min(last, ends)
            if low >= high:
                rest.append((first, last))
                continue
            filled += high - low
            rest += [gap for gap in ((first, low), (high, last)) if gap[0] < gap[1]]
        self.gaps, self.lost = rest, self.lost - filled
        return filled > 0


class Accounts:
    """All exporters' numbers, from what collectors tell."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, _Joined] = OrderedDict()
        self.total = Account()

    def learn(self, lines: Iterable[NumbersLine]) -> Account:
        """Takes what was told of one stretch of time by whichever collectors; what it adds."""
        found: dict[_Key, list[_Told]] = {}
        for line in lines:
            told = found.setdefault(_key(line), [])
            told += [_Told(*span, line.told_ms, line.boot_ms) for span in line.spans if span[1]]
        received = lost = 0
        for key, spans in found.items():
            joined = self._known.setdefault(key, _Joined())
            self._known.move_to_end(key)
            before = joined.received, joined.lost
            for span in _in_order(spans, joined):
                joined.take(span)
            received += joined.received - before[0]
            lost += joined.lost - before[1]
        while len(self._known) > MOST_DOMAINS:
            self._known.popitem(last=False)
        self.total = Account(self.total.received + received, self.total.lost + lost)
        return Account(received, lost)


def _key(line: NumbersLine) -> _Key:
    return _Key(line.exporter, line.exporter_port, line.domain, line.version, line.rule)


def _in_order(spans: Sequence[_Told], joined: _Joined) -> Iterator[_Told]:
    """One behind the other, as far as numbers fit; else as they were told.

    Two collectors that take turns tell of many small pieces each, which fit between one another.
    """
    waiting = sorted(spans, key=attrgetter("moment"))
    by_begin = sorted(waiting, key=attrgetter("begin"))
    gone = set[int]()
    for told in waiting:
        if id(told) in gone:
            continue
        at = joined.expected
        while at is not None and (fitting := _at(by_begin, at % WORD, gone)) is not None:
            gone.add(id(fitting))
            yield fitting
            at = joined.expected
        if id(told) not in gone:
            gone.add(id(told))
            yield told


def _at(by_begin: Sequence[_Told], number: int, gone: set[int]) -> _Told | None:
    at = bisect_left(by_begin, number, key=attrgetter("begin"))
    while at < len(by_begin) and by_begin[at].begin == number:
        if id(by_begin[at]) not in gone:
            return by_begin[at]
        at += 1
    return None
