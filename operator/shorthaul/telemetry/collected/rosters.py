"""Which windows of which collectors are to be billed next: values only, no I/O.

Windows of collectors are put on the operator's grid by their start. One of the grid is due when its
time is over, addresses are known up to its end, and every collector that was heard of late has
closed its windows up to there or patience with it is over. Each collector's windows are taken in
order, so one number tells what of it is done. One that falls silent is no longer waited for, but
expected for a while: windows that it has not told of are not complete.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from shorthaul.telemetry.collected.clients import Listed, Listing

MOST_RECORDS = 500_000
"""Of one window of the grid, over all collectors: what is billed together is held in memory."""

MOST_WINDOWS = 4_096
"""Of collectors, in one window of the grid: each of them is fetched by itself."""

REMEMBERED = 4_096
"""Collectors that were forgotten, of which it is known still up to where they were read."""

MOST_EXPECTED = 256
"""Collectors that were forgotten, and without which windows are not complete."""

_START = attrgetter("start_ms")


@dataclass(frozen=True, slots=True)
class Grid:
    """The operator's windows, and how long a collector that says nothing is waited for.

    For `expected_seconds` after it was heard, windows are not complete without it.
    """

    seconds: int
    patience_seconds: int = 180
    expected_seconds: int = 1_800

    def start_of(self, milliseconds: int) -> int:
        """The start of the window that a moment is in, in seconds."""
        return milliseconds // (self.seconds * 1_000) * self.seconds


@dataclass(slots=True)
class Known:
    """A collector: where it was heard last, what it has, and up to where that is done."""

    address: str
    listing: Listing
    heard_seconds: float
    done: int = -1

    @property
    def newest_end(self) -> int:
        """Up to when its windows are closed."""
        return self.listing.windows[-1].end_ms if self.listing.windows else 0

    @property
    def first_waiting(self) -> Listed | None:
        """The oldest of its windows that is not done."""
        begin = self._begin
        return self.listing.windows[begin] if begin < len(self.listing.windows) else None

    def waiting_until(self, milliseconds: int) -> Sequence[Listed]:
        """Its windows that are not done and begin before a moment."""
        end = bisect_left(self.listing.windows, milliseconds, key=_START)
        return self.listing.windows[self._begin : end]

    @property
    def _begin(self) -> int:
        return bisect_right(self.listing.windows, self.done, key=_START)


@dataclass(frozen=True, slots=True)
class _Gone:
    """A collector that was forgotten: what it told, and up to when it should have told more."""

    windows: tuple[Listed, ...]
    until_seconds: float


@dataclass(frozen=True, slots=True)
class Due:
    """Windows of one window of the grid; `left_out` would have been too many records."""

    start_seconds: int
    windows: tuple[tuple[str, Listed], ...]
    left_out: tuple[tuple[str, Listed], ...] = ()


class Roster:
    """All collectors of one source that are known, by who they say they are."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.known: dict[str, Known] = {}
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
        return ""

    def forget(self, now_seconds: float) -> None:
        """Forgets collectors that were not heard for as long as patience lasts."""
        oldest = now_seconds - self.grid.patience_seconds
        gone = [name for name, known in self.known.items() if known.heard_seconds < oldest]
        for name in gone:
            heard = self.known[name].heard_seconds
            self._leave(name, heard + self.grid.expected_seconds)
        for name in [n for n, each in self._gone.items() if self._is_past(each, now_seconds)]:
            del self._gone[name]

    def due(self, now_seconds: float, known_until_seconds: float) -> Due | None:
        """The oldest window of the grid that can be billed now."""
        oldest = self._oldest()
        if oldest is None:
            return None
        start = self.grid.start_of(oldest)
        end = start + self.grid.seconds
        closed = all(known.newest_end >= end * 1_000 for known in self.known.values())
        patient = now_seconds < end + self.grid.patience_seconds
        if known_until_seconds < end or (patient and not closed):
            return None
        return _within(self._waiting_until(end * 1_000), start)

    def done(self, windows: Iterable[tuple[str, Listed]]) -> None:
        """Windows that need not be read again."""
        for name, window in windows:
            if name in self.known:
                known = self.known[name]
                known.done = max(known.done, window.start_ms)

    def complete(self, start_seconds: int, lost_share_limit: float) -> bool:
        """Whether every collector told all of a window of the grid, and lost little of it."""
        told = [known.listing.windows for known in self.known.values()]
        told += [gone.windows for gone in self._gone.values() if start_seconds < gone.until_seconds]
        return all(
            _covers(windows, start_seconds, self.grid.seconds, lost_share_limit) for windows in told
        )

    def missed(self, now_seconds: float) -> list[str]:
        """Collectors that are gone and still expected, and for how long."""
        return [
            f"collector {name} is gone: no window is complete without it for another "
            f"{each.until_seconds - now_seconds:.0f} s"
            for name, each in sorted(self._gone.items())
            if now_seconds < each.until_seconds
        ]

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

    def _oldest(self) -> int | None:
        """The start of the oldest window that is not done."""
        firsts = (known.first_waiting for known in self.known.values())
        return min((window.start_ms for window in firsts if window is not None), default=None)

    def _waiting_until(self, milliseconds: int) -> list[tuple[str, Listed]]:
        found = (
            (name, window)
            for name, known in self.known.items()
            for window in known.waiting_until(milliseconds)
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


def _covers(windows: Sequence[Listed], start: int, seconds: int, lost_share_limit: float) -> bool:
    first, after = (bisect_left(windows, at * 1_000, key=_START) for at in (start, start + seconds))
    told = records = lost = 0
    for window in windows[first:after]:
        told += (window.end_ms - window.start_ms) if window.complete else 0
        records += window.records
        lost += window.lost + window.undecodable
    return told >= seconds * 1_000 and lost <= lost_share_limit * (records + lost)
