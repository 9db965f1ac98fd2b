"""IPFIX over TCP: messages one after the other, each with its length in its header.

A connection that sends anything else is closed and counted. What one connection may keep waiting is
one message; how many there are at once, and for how long they may be silent, is limited.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

from shorthaul.telemetry.netflow.definitions import IPFIX
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.messages import HEADER10
from shorthaul.telemetry.netflow.networks import Networks

CONNECTIONS = 256
SILENCE_SECONDS = 1_800.0
STRANGE = b"?"
NOT_IPFIX, TOO_MANY, NOT_ALLOWED, SILENT, CUT = (
    "stream: not IPFIX",
    "stream: too many connections",
    "stream: exporter not allowed",
    "stream: silent for too long",
    "stream: ended within a message",
)


class Streams:
    """Takes connections and hands their messages on; `refused` counts those that ended badly."""

    def __init__(
        self,
        take: Callable[[bytes, Sender], None],
        close: Callable[[Sender], None],
        networks: Networks,
    ) -> None:
        self.refused: Counter[str] = Counter()
        self.open = 0
        self._take, self._close, self._networks = take, close, networks

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its start to its end."""
        peer = writer.get_extra_info("peername")
        sender = Sender(peer[0], peer[1], stream=True)
        reason = self._admission(sender)
        try:
            if reason is None:
                self.open += 1
                try:
                    reason = await self._messages(reader, sender)
                finally:
                    self.open -= 1
                    self._close(sender)
        finally:
            writer.close()
        if reason is not None:
            self.refused[reason] += 1

    def _admission(self, sender: Sender) -> str | None:
        if not self._networks.allow(sender.address):
            return NOT_ALLOWED
        return TOO_MANY if self.open >= CONNECTIONS else None

    async def _messages(self, reader: asyncio.StreamReader, sender: Sender) -> str | None:
        """Reads messages until the end of the stream; why it ended, if not well."""
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    message = await _message(reader)
            except TimeoutError:
                return SILENT
            except (asyncio.IncompleteReadError, OSError):
                return CUT
            if not message:
                return None
            if message == STRANGE:
                return NOT_IPFIX
            self._take(message, sender)


async def _message(reader: asyncio.StreamReader) -> bytes:
    """The next message; nothing at a clean end, STRANGE where it is none."""
    try:
        head = await reader.readexactly(4)
    except asyncio.IncompleteReadError as ended:
        if ended.partial:
            raise
        return b""
    version, length = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
    if version != IPFIX or length < HEADER10.size:
        return STRANGE
    return head + await reader.readexactly(length - 4)
