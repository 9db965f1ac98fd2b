"""Which windows of which collectors are to be billed next: values only, no I/O.

Windows of collectors are put on the operator's grid by their start. One of the grid is due when its
time is over, addresses are known up to its end, and every collector has closed its windows up to
there, or the grace for those that have not is over: then who is there is billed, and the rest when
it comes. Each collector's windows are taken in order, so one number tells what of it is done. One
that is silent is passed over until it is heard again. What windows are without meanwhile is told by
who tells of which exporters: see `attendances`. Windows that an earlier process has counted come
before all others, so that what counted is known when something new is judged.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter

from shorthaul.telemetry.collected.attendances import Attendances, Missing
from shorthaul.telemetry.collected.beginnings import Beginning
from shorthaul.telemetry.collected.clients import Listed, Listing
from shorthaul.units import NodeName

MOST_RECORDS = 500_000
"""Of one window of the grid, over all collectors: what is billed together is held in memory."""

MOST_WINDOWS = 4_096
"""Of collectors, in one window of the grid: each of them is fetched by itself."""

REMEMBERED = 4_096
"""Collectors that were forgotten, of which it is known still up to where they were read."""

MOST_EXPECTED = 256
"""Collectors that were forgotten, and may have to tell of windows yet."""

_START = attrgetter("start_ms")


@dataclass(frozen=True, slots=True)
class Grid:
    """The operator's windows, and how long collectors that say nothing are waited for.

    A window waits `grace_seconds` for them after its end. They are asked for what they have told of
    and not given for `patience_seconds`, and forgotten then. For `expected_seconds` after it was
    heard, what one has told of is missing without it.
    """

    seconds: int
    grace_seconds: int = 15
    patience_seconds: int = 180
    expected_seconds: int = 1_800

    def start_of(self, milliseconds: int) -> int:
        """The start of the window that a moment is in, in seconds."""
        return milliseconds // (self.seconds * 1_000) * self.seconds


@dataclass(slots=True)
class Known:
    """A collector: where it was heard last, what it has, and up to where that is done.

    Up to `counted` its windows were counted before. One that is `silent` did not answer when it was
    asked last.
    """

    address: str
    listing: Listing
    heard_seconds: float
    done: int = -1
    silent: bool = False
    counted: int = -1

    @property
    def newest_end(self) -> int:
        """Up to when its windows are closed."""
        return self.listing.windows[-1].end_ms if self.listing.windows else 0

    @property
    def first_waiting(self) -> Listed | None:
        """The oldest of its windows that is not done."""
        begin = self._begin
        return self.listing.windows[begin] if begin < len(self.listing.windows) else None

    @property
    def has_counted(self) -> bool:
        """Whether the oldest window that is not done was counted before."""
        window = self.first_waiting
        return window is not None and window.start_ms <= self.counted

    def waiting_until(self, milliseconds: int) -> Sequence[Listed]:
        """Its windows that are not done and begin before a moment."""
        end = bisect_left(self.listing.windows, milliseconds, key=_START)
        return self.listing.windows[self._begin : end]

    @property
    def _begin(self) -> int:
        return bisect_right(self.listing.windows, self.done, key=_START)


@dataclass(frozen=True, slots=True)
class _Gone:
    """A collector that was forgotten: what was read of it, and until when more is expected."""

    windows: tuple[Listed, ...]
    until_seconds: float


@dataclass(frozen=True, slots=True)
class Due:
    """Windows of one window of the grid; `left_out` would have been too many records."""

    start_seconds: int
    windows: tuple[tuple[str, Listed], ...]
    left_out: tuple[tuple[str, Listed], ...] = ()


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who has told of a window: `partly` those that lost of it, and what it is `missing`.

    `cut` are the nodes that nobody can have told all of, as their collectors did not tell all.
    """

    partly: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    cut: frozenset[NodeName] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.partly and not self.missing


class Roster:
    """All collectors of one source that are known, by who they say they are."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.known: dict[str, Known] = {}
        self.told = Attendances(grid.expected_seconds)
        self.beginning = Beginning(grid.expected_seconds)
        self._done: dict[str, int] = {}
        self._gone: dict[str, _Gone] = {}

    def hear(self, address: str, listing: Listing, now_seconds: float) -> str:
        """Takes what a collector says; why it cannot be used, if so.

        Who was at its address before is not expected any more from now on.
        """
        name = listing.collector
        if self.grid.seconds % listing.window_seconds:
            return (
                f"collector {name}: its windows of {listing.window_seconds} s do not fit into those"
                f" of {self.grid.seconds} s; give it --window-seconds {self.grid.seconds}"
            )
        for other in [other for other, each in self.known.items() if each.address == address]:
            if other != name:
                self._leave(other, now_seconds)
        known = self.known.get(name)
        self._gone.pop(name, None)
        if known is None:
            self.known[name] = Known(address, listing, now_seconds, self._done.get(name, -1))
        else:
            known.address, known.listing, known.heard_seconds = address, listing, now_seconds
            known.silent = False
        return ""

    def recall(self, name: str, counted: Sequence[Listed]) -> None:
        """Takes the first windows of a collector to have been counted before."""
        if counted:
            self.known[name].counted = counted[-1].start_ms

    def pass_over(self, names: Iterable[str]) -> None:
        """Does not ask for windows of some collectors until they are heard again."""
        for name in names:
            self.known[name].silent = True

    def forget(self, now_seconds: float) -> None:
        """Forgets collectors that were not heard for as long as patience lasts."""
        oldest = now_seconds - self.grid.patience_seconds
        gone = [name for name, known in self.known.items() if known.heard_seconds < oldest]
        for name in gone:
            heard = self.known[name].heard_seconds
            self._leave(name, heard + self.grid.expected_seconds)
        for name in [n for n, each in self._gone.items() if self._is_past(each, now_seconds)]:
            del self._gone[name]
            self.told.forget(name)

    def due(self, now_seconds: float, known_until_seconds: float) -> Due | None:
        """The oldest window of the grid that can be billed now."""
        asked = {name: known for name, known in self.known.items() if not known.silent}
        counted = {name: known for name, known in asked.items() if known.has_counted}
        oldest = _oldest(counted or asked)
        if oldest is None:
            return None
        start = self.grid.start_of(oldest)
        end = start + self.grid.seconds
        if counted and known_until_seconds >= end:
            return _within(_waiting(counted, end * 1_000, counted_only=True), start)
        closed = not self.beginning.waits(start) and all(
            known.newest_end >= end * 1_000 for known in self.known.values()
        )
        waited = now_seconds < end + self.grid.grace_seconds
        if known_until_seconds < end or (waited and not closed):
            return None
        return _within(_waiting(asked, end * 1_000), start)

    def done(self, windows: Iterable[tuple[str, Listed]]) -> None:
        """Windows that need not be read again."""
        for name, window in windows:
            if name in self.known:
                known = self.known[name]
                known.done = max(known.done, window.start_ms)
            else:
                self._done[name] = max(self._done.get(name, -1), window.start_ms)

    def open_milliseconds(self, now_seconds: float) -> int:
        """From where on windows may still come that a collector has and has not given."""
        ends = [
            _read_until(known.listing.windows, known.done)
            for known in self.known.values()
            if known.silent or known.first_waiting is not None
        ]
        ends += [
            _read_until(gone.windows, self._done.get(name, -1)) for name, gone in self._gone.items()
        ]
        ends += [0] * self.beginning.waits(now_seconds)
        oldest = int((now_seconds - self.grid.expected_seconds) * 1_000)
        return max(oldest, min(ends, default=int(now_seconds * 1_000)))

    def attendance(
        self, due: Due, lost_share_limit: float, nodes: Collection[NodeName]
    ) -> Attendance:
        """Who has told of a window of the grid once this is billed, with these nodes around."""
        start, read = due.start_seconds, dict[str, int]()
        for name, window in due.windows:
            read[name] = max(window.start_ms, read.get(name, -1))
        stretch = start, start + self.grid.seconds
        found = {
            name: _telling(
                known.listing.windows,
                max(known.done, read.get(name, -1)),
                stretch,
                lost_share_limit,
            )
            for name, known in self.known.items()
        }
        found |= {
            name: _telling(gone.windows, self._done.get(name, -1), stretch, lost_share_limit)
            for name, gone in self._gone.items()
            if start < gone.until_seconds
        }
        for name, known in self.known.items():
            if not known.silent and not known.listing.windows:
                found[name] = _Telling.PARTLY  # It has begun just now, within some window.
        silent = [name for name, telling in found.items() if telling is _Telling.SILENT]
        partly = [name for name, telling in found.items() if telling is _Telling.PARTLY]
        lossy = [name for name, telling in found.items() if telling is _Telling.LOSSY]
        return Attendance(
            tuple(sorted(partly + lossy)),
            (*self.told.missing(silent, start, nodes), *self._never_heard(start, nodes)),
            self.told.nodes_by((*silent, *partly), start),
        )

    def missed(self, now_seconds: float, nodes: Collection[NodeName]) -> list[str]:
        """Collectors that are gone or were never heard, and expected: with whom, how long."""
        start = self.grid.start_of(int(now_seconds * 1_000))
        expected = {
            name: each.until_seconds - now_seconds
            for name, each in self._gone.items()
            if now_seconds < each.until_seconds
        }
        found = [
            f"{missing} is gone: no window is complete until it is back or another one hears them, "
            f"at most for another {expected[missing.collector]:.0f} s"
            for missing in self.told.missing(expected, start, nodes)
        ]
        return found + [
            f"{missing}: no window is complete until it answers or others hear them, at most for "
            f"another {self.beginning.left_seconds(now_seconds):.0f} s"
            for missing in self._never_heard(start, nodes)
        ]

    def silent(self, now_seconds: float, nodes: Collection[NodeName]) -> int:
        """How many should be heard and are not: gone only as far as somebody is missed with it."""
        start = self.grid.start_of(int(now_seconds * 1_000))
        expected = [name for name, each in self._gone.items() if now_seconds < each.until_seconds]
        gone = len(self.told.missing(expected, start, nodes))
        return gone + len(self.beginning.absent) + sum(each.silent for each in self.known.values())

    def _never_heard(self, start: int, nodes: Collection[NodeName]) -> tuple[Missing, ...]:
        """Those silent since the operator's start, with the nodes that nobody else tells of."""
        untold = self.told.untold(start, nodes) if self.beginning.waits(start) else ()
        return (Missing(self.beginning.text, untold),) if untold else ()

    def _leave(self, name: str, until_seconds: float) -> None:
        known = self.known.pop(name)
        oldest = (until_seconds - 2 * self.grid.expected_seconds) * 1_000
        windows = tuple(each for each in known.listing.windows if each.end_ms >= oldest)
        self._done[name], self._gone[name] = known.done, _Gone(windows, until_seconds)
        for remembered, most in ((self._done, REMEMBERED), (self._gone, MOST_EXPECTED)):
            for old in list(remembered)[:-most]:
                del remembered[old]

    def _is_past(self, gone: _Gone, now_seconds: float) -> bool:
        """Whether no window that it should have told of can still be due."""
        lasting = self.grid.seconds + self.grid.patience_seconds + self.grid.expected_seconds
        return gone.until_seconds + lasting < now_seconds


def _oldest(collectors: Mapping[str, Known]) -> int | None:
    """The start of the oldest window that is not done."""
    firsts = (known.first_waiting for known in collectors.values())
    return min((window.start_ms for window in firsts if window is not None), default=None)


def _waiting(
    collectors: Mapping[str, Known], milliseconds: int, *, counted_only: bool = False
) -> list[tuple[str, Listed]]:
    """Windows that are not done and begin before a moment, in order."""
    found = (
        (name, window)
        for name, known in collectors.items()
        for window in known.waiting_until(milliseconds)
        if not counted_only or window.start_ms <= known.counted
    )
    return sorted(found, key=lambda each: (each[1].start_ms, each[0]))


def _within(windows: list[tuple[str, Listed]], start_seconds: int) -> Due:
    """As many as may be billed together, at least one of them."""
    taken, records = list[tuple[str, Listed]](), 0
    for name, window in windows:
        records += window.records
        if taken and (records > MOST_RECORDS or len(taken) >= MOST_WINDOWS):
            break
        taken.append((name, window))
    return Due(start_seconds, tuple(taken), tuple(windows[len(taken) :]))


class _Telling(Enum):
    """How much of a window a collector has told."""

    WHOLE = "all"
    PARTLY = "some of it"
    LOSSY = "all of it, but not all of what came"
    SILENT = "nothing"


def _telling(
    windows: Sequence[Listed], done: int, stretch: tuple[int, int], lost_share_limit: float
) -> _Telling:
    """What a collector told of a stretch of time in seconds, by windows that are done.

    One that has only newer ones is taken to have lost them: its spool may have let them go.
    """
    first, after = (bisect_left(windows, at * 1_000, key=_START) for at in stretch)
    told = records = lost = 0
    for window in windows[first : min(after, bisect_right(windows, done, key=_START))]:
        told += (window.end_ms - window.start_ms) if window.complete else 0
        records += window.records
        lost += window.lost + window.undecodable
    if told >= (stretch[1] - stretch[0]) * 1_000:
        little = lost <= lost_share_limit * (records + lost)
        return _Telling.WHOLE if little else _Telling.LOSSY
    has_only_newer = bool(windows) and windows[0].start_ms >= stretch[0] * 1_000
    return _Telling.PARTLY if has_only_newer or after > first else _Telling.SILENT


def _read_until(windows: Sequence[Listed], done: int) -> int:
    """The end of what was read of a collector."""
    number = bisect_right(windows, done, key=_START)
    return windows[number - 1].end_ms if number else 0
