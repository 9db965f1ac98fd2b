"""Cuts chunks of bytes into whole lines, keeping an unfinished last line for the next chunk.

A line longer than the limit comes out cut to one byte more than the limit, so that the reader of
lines can say so, and its rest is dropped: memory stays bounded whatever a file holds.
"""

from typing import NamedTuple


class Block(NamedTuple):
    """Whole lines with their ends: a part of some bytes."""

    content: bytes
    begin: int
    end: int

    def lines(self) -> list[bytes]:
        """The lines, without their ends."""
        return self.content[self.begin : self.end - 1].split(b"\n")


class LineCutter:
    """Holds at most one line of the limit's length between chunks."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held = b""
        self._dropping = False
        self._silent = False

    @property
    def held_bytes(self) -> int:
        """The length of the unfinished line, as far as it is held."""
        return len(self._held)

    def cut(self, chunk: bytes) -> list[Block]:
        """The lines that this chunk completes; all but the first stay where they are."""
        first = chunk.find(b"\n")
        if not self._dropping:
            self._held += chunk if first < 0 else chunk[:first]
        if first < 0:
            self._shorten()
            return []
        last = chunk.rfind(b"\n")
        blocks = [] if self._silent else [_block(self._held[: self._limit_bytes + 1])]
        if last > first:
            blocks.append(Block(chunk, first + 1, last + 1))
        self._held, self._dropping, self._silent = chunk[last + 1 :], False, False
        self._shorten()
        return blocks

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, without their ends."""
        return [line for block in self.cut(chunk) for line in block.lines()]

    def rest(self) -> list[Block]:
        """What is left without a line end, as a line."""
        return [_block(line) for line in self.finish()]

    def finish(self) -> list[bytes]:
        """What is left without a line end, as a line without it."""
        held, self._held = self._held, b""
        self._dropping = self._silent = False
        return [held] if held else []

    def _shorten(self) -> None:
        if len(self._held) > self._limit_bytes:
            self._held, self._dropping = self._held[: self._limit_bytes + 1], True

    def skip_line(self) -> None:
        """Drops what comes up to the next line end, silently."""
        self._held, self._dropping, self._silent = b"", True, True


def _block(line: bytes) -> Block:
    return Block(line + b"\n", 0, len(line) + 1)
