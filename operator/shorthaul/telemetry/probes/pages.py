"""A web server for a few small pages: GET only, everything bounded, one answer per connection.

The metrics library's own server starts a thread for each connection, as many as come; a prober is
reached by every pod that the network lets in, so here connections, heads and time have limits.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MOST_CONNECTIONS = 32
MOST_HEAD_BYTES = 8 << 10
SECONDS = 5.0

Page = Callable[[], tuple[str, bytes]]
"""Gives a content type and a body."""


@dataclass(slots=True)
class Pages:
    """Pages by their paths; `refused` counts what was not answered, by reason."""

    pages: Mapping[str, Page]
    refused: Counter[str] = field(default_factory=Counter)
    _open: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one connection and closes it."""
        if self._open >= MOST_CONNECTIONS:
            self.refused["too_many_connections"] += 1
            writer.transport.abort()
            return
        self._open += 1
        try:
            async with asyncio.timeout(SECONDS):
                writer.write(self._answer(await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except asyncio.LimitOverrunError:
            self.refused["head_too_long"] += 1
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            self.refused["not_finished"] += 1
        finally:
            self._open -= 1
            writer.transport.abort()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0].decode("latin-1")
        if method != b"GET":
            self.refused["not_get"] += 1
            return _response("405 Method Not Allowed", "text/plain", b"GET only\n")
        page = self.pages.get(path)
        if page is None:
            self.refused["no_such_page"] += 1
            text = f"there are {', '.join(self.pages)}\n".encode()
            return _response("404 Not Found", "text/plain", text)
        return _response("200 OK", *page())


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
