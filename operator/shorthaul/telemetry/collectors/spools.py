"""The spool: records in closed windows on disk, so that who bills them may come later or again.

A window is a file of lines as `sinks` writes them, each batch of them a gzip member of its own: a
process that is killed leaves whole members and perhaps a part of one, which the next start cuts off
in place, without needing any room. It is closed by a rename, and from then on it never changes.
Windows lie on the grid of the epoch; the first after a start, and one that grew too large, begin
between. Records count to the window that was open when they were handed on, at most a flush after
they came, so nothing is late. A process that stood still for a whole window, or whose clock was set
forward, leaves a hole, and the window before it is not complete; nor is one during which the clock
was set back, which is closed after its length all the same, nor one in which two senders went by
one exporter's name. When the folder holds more bytes or windows than it may, the oldest go, and
that is counted. A full disk is an error, upon which the collector ends.
"""

import fcntl
import gzip
import os
import secrets
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry.collectors.settings import SpoolRules
from shorthaul.telemetry.collectors.sinks import Names, Told, line_of, numbers_line
from shorthaul.telemetry.collectors.spool_windows import (
    OPEN,
    SpoolWindow,
    grid_end,
    next_start,
    window_of,
)
from shorthaul.telemetry.netflow.records import Batch

_FASTEST = 1
_PIECE_BYTES = 1 << 16
_SLACK_MILLISECONDS = 1_000
_SPANS = b'"spans":'
"""Only lines of numbers have it."""
_IDENTITY, _LOCK = "identity", "lock"


@dataclass(frozen=True, slots=True)
class Unread:
    """Totals of what never arrived and of what could not be read, since the collector's start.

    `conflicts` are messages by which it shows that somebody sends in an exporter's name.
    """

    lost: int = 0
    undecodable: int = 0
    conflicts: int = 0


@dataclass(slots=True)
class _Open:
    """The window that is being written."""

    path: Path
    file: int
    start: int
    before: Unread
    since: float
    records: int = 0
    size: int = 0
    complete: bool = True


class Spool:
    """One folder of one process; a context manager, which opens it where the block begins."""

    def __init__(self, folder: str, rules: SpoolRules) -> None:
        self.identity = ""
        self.windows: tuple[SpoolWindow, ...] = ()
        self.dropped_windows = self.dropped_records = 0
        self.rules = rules
        self._folder = Path(folder)
        self._encoder = msgspec.json.Encoder()
        self._lock = -1
        self._sizes: dict[SpoolWindow, int] = {}
        self._seen = Unread()
        self._open: _Open | None = None

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self._folder)
            self.identity = _identity(self._folder)
            self._recover()
            self._begin(_now())
        except OSError as error:
            raise self._trouble("open the spool", error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Closes the window; after an error it is left to the next start."""
        if self._open is not None:
            if kind is None:
                self._close(max(_now(), self._open.start + 1))
            else:
                os.close(self._open.file)
        os.close(self._lock)

    def path(self, window: SpoolWindow) -> Path:
        """Where a closed window's file is, if it has not gone meanwhile."""
        return self._folder / window.name

    def take(self, batch: Batch, names: Names, told: Sequence[Told] = ()) -> None:
        """Appends the records of a batch, and hands them to the operating system.

        Their numbers are in the same member, so that none is kept without the other.
        """
        open_ = self._open
        assert open_ is not None, "a spool takes records between its start and its end"
        now = _now()
        numbers = [numbers_line(each, now) for each in told]
        lines = self._encoder.encode_lines([*(line_of(each, names) for each in batch), *numbers])
        member = gzip.compress(lines, _FASTEST, mtime=0)
        try:
            _write(open_.file, member)
        except OSError as error:
            raise self._trouble(f"write {len(batch)} records", error) from error
        open_.records += len(batch)
        open_.size += len(member)

    def turn(self, now_milliseconds: int, unread: Unread) -> None:
        """Closes the window if its time is over or it is large; forgets the oldest for room."""
        open_ = self._open
        assert open_ is not None, "a spool turns between its start and its end"
        self._seen = unread
        length = self.rules.window_seconds * 1_000
        over = grid_end(open_.start, length)
        follows = over <= now_milliseconds < over + length
        back = now_milliseconds < open_.start - _SLACK_MILLISECONDS
        contested = unread.conflicts > open_.before.conflicts
        if back or contested or now_milliseconds >= over + length:
            open_.complete = False
        large = open_.size >= self.rules.largest_window_bytes
        old = back and time.monotonic() - open_.since >= self.rules.window_seconds
        try:
            if now_milliseconds >= over or large or old:
                self._close(max(open_.start + 1, min(over, now_milliseconds)))
                self._begin(over if follows else now_milliseconds)
            self._shed()
        except OSError as error:
            raise self._trouble("close a window", error) from error

    def _begin(self, now_milliseconds: int) -> None:
        newest = self.windows[-1].end_milliseconds if self.windows else 0
        start = next_start(now_milliseconds, newest)
        path = self._folder / f"{start}.open"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._open = _Open(path, file, start, self._seen, time.monotonic())

    def _close(self, end_milliseconds: int) -> None:
        open_, self._open = self._open, None
        assert open_ is not None
        os.fsync(open_.file)
        os.close(open_.file)
        lost = max(0, self._seen.lost - open_.before.lost)
        undecodable = max(0, self._seen.undecodable - open_.before.undecodable)
        counts = open_.records, lost, undecodable
        window = SpoolWindow(open_.start, end_milliseconds, *counts, open_.complete)
        self._publish(open_.path, window, open_.size)

    def _publish(self, path: Path, window: SpoolWindow, size: int) -> None:
        path.rename(self._folder / window.name)
        _sync(self._folder)
        self._sizes[window] = size
        self.windows = (*self.windows, window)

    def _recover(self) -> None:
        """Finds the closed windows, and closes what a process left open."""
        names = sorted(os.listdir(self._folder))
        found = [window for name in names if (window := window_of(name)) is not None]
        found.sort(key=lambda window: window.start_milliseconds)
        self._sizes = {window: self.path(window).stat().st_size for window in found}
        self.windows = tuple(found)
        for name in names:
            if (left := OPEN.fullmatch(name)) is not None:
                self._close_left(self._folder / name, int(left[1]))

    def _close_left(self, path: Path, start: int) -> None:
        size, records = _whole(path.read_bytes())
        over = grid_end(start, self.rules.window_seconds * 1_000)
        end = min(over, max(start + 1, int(path.stat().st_mtime * 1_000)))
        os.truncate(path, size)
        self._publish(path, SpoolWindow(start, end, records, complete=False), size)

    def _shed(self) -> None:
        kept = sum(self._sizes.values()) + (self._open.size if self._open else 0)
        too_many, gone = len(self.windows) - self.rules.kept_windows, 0
        while gone < len(self.windows) and (gone < too_many or kept > self.rules.kept_bytes):
            oldest = self.windows[gone]
            self.path(oldest).unlink(missing_ok=True)
            kept -= self._sizes.pop(oldest)
            self.dropped_windows += 1
            self.dropped_records += oldest.records
            gone += 1
        if gone:
            self.windows = self.windows[gone:]

    def _trouble(self, what: str, error: OSError) -> BadInput:
        return BadInput(
            f"cannot {what} in {self._folder}: {error.strerror or error}; make room or give "
            "another --spool"
        )


def _now() -> int:
    return int(time.time() * 1_000)


def _locked(folder: Path) -> int:
    """Holds the folder for this process, however that ends."""
    held = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise BadInput(f"{folder}: another collector spools there; give another --spool") from None
    return held


def _identity(folder: Path) -> str:
    """Who spools here, the same after a restart upon the same folder."""
    path = folder / _IDENTITY
    try:
        told = path.read_text().strip()
    except FileNotFoundError:
        told = ""
    if not told:
        told = secrets.token_hex(8)
        made = folder / f"{_IDENTITY}.new"
        made.write_text(told)
        made.rename(path)
        _sync(folder)
    return told


def _sync(folder: Path) -> None:
    """Makes renames outlive a power cut."""
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _whole(data: bytes) -> tuple[int, int]:
    """The bytes of the whole members at the beginning, and the records in them."""
    at = lines = 0
    while (found := _member(data, at)) is not None:
        at, lines = found[0], lines + found[1]
    return at, lines


def _member(data: bytes, at: int) -> tuple[int, int] | None:
    """Where a member ends and its records; None where there is no whole one."""
    reader, lines, place, tail = zlib.decompressobj(wbits=31), 0, at, b""
    while place < len(data):
        piece = data[place : place + _PIECE_BYTES]
        place += len(piece)
        try:
            text = reader.decompress(piece)
            lines += text.count(b"\n") - (tail + text).count(_SPANS)
            tail = (tail + text)[1 - len(_SPANS) :]
        except zlib.error:
            return None
        if reader.eof:
            return place - len(reader.unused_data), lines
    return None
