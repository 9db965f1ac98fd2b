"""One file that is being followed: read on from where we were, in whole lines.

A plain file is held open, so that it can be finished after it was renamed or deleted and its inode
cannot be reused meanwhile. A gzip file is a rotated backup; while it is still being written, it is
tried again when it has grown. What a file is called does not matter: its first line tells which
file it is, also after it was copied or compressed.
"""

import gzip
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import BinaryIO

from shorthaul.telemetry.hubble_lines import LONGEST_LINE_BYTES
from shorthaul.telemetry.line_cutters import Block, LineCutter

_FIRST_LINE_BYTES = 1 << 16
_NEAR_ENOUGH_BYTES = 1 << 16
_GZIP_MAGIC = b"\x1f\x8b"

Fingerprint = bytes
TimeOf = Callable[[bytes], int]
"""The nanoseconds since the epoch of a line, 0 when it has no time."""


@dataclass(slots=True)
class Followed:
    """Where we are in a file; `offset` counts decompressed bytes."""

    path: str
    file: BinaryIO
    compressed: bool
    fingerprint: Fingerprint
    offset: int = 0
    finished: bool = False
    truncations: int = 0
    damage: str = ""
    tried_bytes: int = -1
    source: gzip.GzipFile | None = None
    cutter: LineCutter = field(default_factory=lambda: LineCutter(LONGEST_LINE_BYTES))

    @property
    def place(self) -> int:
        """Where the first line begins that was not handed out yet."""
        return self.offset - self.cutter.held_bytes

    def unread_bytes(self) -> int:
        """How much is waiting, in bytes of the file; a compressed file is all or nothing."""
        size = os.fstat(self.file.fileno()).st_size
        if self.compressed:
            return 0 if self.finished or size == self.tried_bytes else size
        if not self.fingerprint and _fingerprint(self.file, compressed=False) is None:
            return 0
        return size if size < self.offset else size - self.offset

    def read(self, budget_bytes: int) -> tuple[int, list[Block]]:
        """How many bytes were read, at most so many, and the lines that they complete."""
        chunk = self._read_gzip(budget_bytes) if self.compressed else self._read_plain(budget_bytes)
        self.offset += len(chunk)
        return len(chunk), self.cutter.cut(chunk) if chunk else []

    def close(self) -> list[Block]:
        """Lets go of the file; its last line may lack an end, unless the file is damaged."""
        self.file.close()
        rest = self.cutter.rest()
        return [] if self.damage else rest

    def skip_to(self, place: int) -> None:
        """Starts where an earlier reading of the same content stopped."""
        self.offset = place

    def skip_to_end(self) -> None:
        """Leaves out what is there now; in the middle of a line, that line too."""
        if self.compressed:
            self.finished = True
            return
        self.offset = os.fstat(self.file.fileno()).st_size
        if os.pread(self.file.fileno(), 1, self.offset - 1) != b"\n":
            self.cutter.skip_line()

    def skip_before(self, since_nanoseconds: int, time_of: TimeOf) -> None:
        """Leaves out what was written before a time, roughly: reading begins at or before it.

        Lines are in the order of their times but for a little. A compressed file is all or nothing.
        """
        if not self.compressed:
            self.offset = self._place_before(since_nanoseconds, time_of)
        elif os.fstat(self.file.fileno()).st_mtime_ns < since_nanoseconds:
            self.finished = True

    def _place_before(self, since_nanoseconds: int, time_of: TimeOf) -> int:
        """Where some line before a time begins, by bisection; 0 when there is none."""
        low, high = 0, os.fstat(self.file.fileno()).st_size
        while high - low > _NEAR_ENOUGH_BYTES:
            middle = (low + high) // 2
            found = self._timed_line(middle, high, time_of)
            if found is None or found[1] >= since_nanoseconds:
                high = middle
            else:
                low = found[0]
        return low

    def _timed_line(self, begin: int, end: int, time_of: TimeOf) -> tuple[int, int] | None:
        """Place and time of the first whole line with a time that begins after a place."""
        size_bytes = min(_NEAR_ENOUGH_BYTES, end - begin)
        first, *lines = os.pread(self.file.fileno(), size_bytes, begin).split(b"\n")
        place = begin + len(first) + 1
        for line in lines[:-1]:
            if time := time_of(line):
                return place, time
            place += len(line) + 1
        return None

    def _read_plain(self, budget_bytes: int) -> bytes:
        if self._was_replaced():
            self.offset, self.truncations = 0, self.truncations + bool(self.fingerprint)
            self.cutter.finish()
            self.fingerprint = _fingerprint(self.file, compressed=False) or b""
            if not self.fingerprint:
                return b""
        return os.pread(self.file.fileno(), budget_bytes, self.offset)

    def _was_replaced(self) -> bool:
        """Whether the file was cut off and written anew; its first line is another one then."""
        if os.fstat(self.file.fileno()).st_size < self.offset:
            return True
        return _fingerprint(self.file, compressed=False) != self.fingerprint

    def _read_gzip(self, budget_bytes: int) -> bytes:
        size = os.fstat(self.file.fileno()).st_size
        chunks: list[bytes] = []
        try:
            source = self._opened_gzip()
            while budget_bytes > 0 and (chunk := source.read1(budget_bytes)):
                chunks.append(chunk)
                budget_bytes -= len(chunk)
            self.finished, self.damage = budget_bytes > 0, ""
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self.tried_bytes, self.damage = size, f"{self.path}: ends early ({error})"
            self.source = None
        return b"".join(chunks)

    def _opened_gzip(self) -> gzip.GzipFile:
        if self.source is None:
            self.file.seek(0)
            self.source = gzip.GzipFile(fileobj=self.file)
            self.source.seek(self.offset)
        return self.source


def open_followed(path: str) -> Followed | None:
    """Opens a file to follow; None while it has no whole first line yet."""
    file = open(path, "rb", buffering=0)  # noqa: SIM115 - held open by Followed
    compressed = os.pread(file.fileno(), 2, 0) == _GZIP_MAGIC
    fingerprint = _fingerprint(file, compressed)
    if fingerprint is None:
        file.close()
        return None
    return Followed(path, file, compressed, fingerprint)


def _fingerprint(file: BinaryIO, compressed: bool) -> Fingerprint | None:
    head = _gzip_head(file) if compressed else os.pread(file.fileno(), _FIRST_LINE_BYTES, 0)
    line, end, _ = head.partition(b"\n")
    if not end and len(head) < _FIRST_LINE_BYTES:
        return None
    return blake2b(line, digest_size=16).digest()


def _gzip_head(file: BinaryIO) -> bytes:
    try:
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as source:
            return _read_up_to(source, _FIRST_LINE_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return b""


def _read_up_to(source: gzip.GzipFile, size_bytes: int) -> bytes:
    head = b""
    while len(head) < size_bytes and b"\n" not in head:
        chunk = source.read1(size_bytes - len(head))
        if not chunk:
            break
        head += chunk
    return head
