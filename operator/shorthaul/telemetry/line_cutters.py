"""Cuts chunks of bytes into lines, keeping an unfinished last line for the next chunk.

A line longer than the limit comes out cut to one byte more than the limit, so that the reader of
lines can say so, and its rest is dropped: memory stays bounded whatever a file holds.
"""


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

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, without their ends."""
        first, *others = chunk.split(b"\n")
        if not self._dropping:
            self._held += first
        if not others:
            self._shorten()
            return []
        lines = [self._held[: self._limit_bytes + 1], *others[:-1]]
        if self._silent:
            lines, self._silent = lines[1:], False
        self._held, self._dropping = others[-1], False
        self._shorten()
        return lines

    def finish(self) -> list[bytes]:
        """What is left without a line end, as a line."""
        held, self._held = self._held, b""
        self._dropping = self._silent = False
        return [held] if held else []

    def _shorten(self) -> None:
        if len(self._held) > self._limit_bytes:
            self._held, self._dropping = self._held[: self._limit_bytes + 1], True

    def skip_line(self) -> None:
        """Drops what comes up to the next line end, silently."""
        self._held, self._dropping, self._silent = b"", True, True
