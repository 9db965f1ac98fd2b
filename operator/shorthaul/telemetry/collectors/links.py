"""A connection to one other collector, begun again when it breaks: what is handed on goes there.

A collector is a member as long as it answers. What was written to a connection that breaks is
never written again, since it may have been taken: it counts once or is missed, by its numbers.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from typing import NamedTuple

from shorthaul.telemetry.collectors.frames import Broken, Cutter, Frame, Kind, frame

_LOG = logging.getLogger(__name__)
CONNECT_SECONDS = 3.0
AGAIN_SECONDS = 1.0
PING_SECONDS = 1.0
SILENCE_SECONDS = 5.0
"""Who has not answered for so long is no member."""
MOST_WAITING_BYTES = 4 << 20
"""What may wait to be sent to one collector; beyond, datagrams are refused."""
PIECE_BYTES = 1 << 18


class Place(NamedTuple):
    """Where another collector is, and by which name: its certificate has to be for that."""

    address: str
    port: int
    host: str


class Link:
    """To one place; `name` is who answered there, `session` tells one process from the next."""

    def __init__(
        self,
        place: Place,
        hello: bytes,
        changed: Callable[["Link"], None],
        context: Callable[[], ssl.SSLContext | None],
    ) -> None:
        self.place = place
        self.name = self.session = ""
        self._hello, self._changed, self._context = hello, changed, context
        self._distrust = ""
        self._writer: asyncio.StreamWriter | None = None
        self.live = False
        self._task = asyncio.create_task(self._keep())

    def send(self, data: bytes) -> bool:
        """Sends frames; False where that is impossible, or where too much waits."""
        writer = self._writer
        if writer is None or not self.live or writer.is_closing():
            return False
        if writer.transport.get_write_buffer_size() > MOST_WAITING_BYTES:
            return False
        writer.write(data)
        return True

    async def close(self) -> None:
        """Ends it, once what waits has gone."""
        self._task.cancel()
        writer, self._writer = self._writer, None
        self._turn(live=False)
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await writer.wait_closed()

    async def _keep(self) -> None:
        while True:
            try:
                await self._once()
            except (OSError, TimeoutError, Broken, EOFError) as error:
                if self.live:
                    text = str(error) or type(error).__name__
                    address = self.place.address
                    _LOG.warning("collector %s at %s is gone: %s", self.name, address, text)
                elif isinstance(error, ssl.SSLError):
                    self._tell_distrust(error)
            self._turn(live=False)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _once(self) -> None:
        """From a connection's beginning to its end."""
        reader, writer = await self._connect()
        self._writer = writer
        pinging = asyncio.create_task(self._ping(writer))
        try:
            writer.write(frame(Kind.HELLO, self._hello))
            cutter = Cutter()
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    data = await reader.read(PIECE_BYTES)
                if not data:
                    raise EOFError("it closed the connection")
                for each in cutter.feed(data):
                    if self._take(each):
                        return
        finally:
            pinging.cancel()
            if self._writer is writer:
                self._writer = None
                writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address, port, host = self.place
        context = self._context()
        async with asyncio.timeout(CONNECT_SECONDS):
            return await asyncio.open_connection(
                address, port, ssl=context, server_hostname=host if context else None
            )

    def _tell_distrust(self, error: ssl.SSLError) -> None:
        """Says once why there is no trust: who is not up yet is no news, but this does not pass."""
        text = getattr(error, "verify_message", "") or error.reason or str(error)
        if text != self._distrust:
            self._distrust = text
            _LOG.warning(
                "no TLS with the collector at %s port %s: %s; look at --peer-tls at both ends",
                self.place.address,
                self.place.port,
                text,
            )

    def _take(self, each: Frame) -> bool:
        """Takes an answer; whether it says good-bye."""
        if each.kind == Kind.HELLO:
            name, _, session = each.content.decode("utf-8", "replace").partition("\n")
            self.name, self.session = name[:253], session[:64]
            self._distrust = ""
            self._turn(live=True)
        elif each.kind == Kind.BYE:
            return True
        return False

    def _turn(self, *, live: bool) -> None:
        if live != self.live:
            self.live = live
            self._changed(self)

    async def _ping(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            writer.write(frame(Kind.PING))
