"""A connection to one other collector, begun again when it breaks: what is handed on goes there.

A collector is a member as long as it answers. What was written to a connection that breaks is
never written again, since it may have been taken: it counts once or is missed, by its numbers.

When certificates change, a new connection by the new ones is begun beside the old one, which goes
on until the other end has answered on the new one: while only one of both ends has the new files,
nobody is without the other. After a while the old one is given up whatever comes.
"""

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from shorthaul.telemetry.collectors.frames import Broken, Cutter, Frame, Kind, frame

_LOG = logging.getLogger(__name__)
CONNECT_SECONDS = 3.0
AGAIN_SECONDS = 1.0
PING_SECONDS = 1.0
RENEW_AGAIN_SECONDS = 3.0
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


@dataclass(frozen=True, slots=True)
class _Opened:
    """A connection, the certificates that it was begun by, and what was read of its next frame."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    context: ssl.SSLContext | None
    cutter: Cutter = field(default_factory=Cutter)


class Link:
    """To one place; `name` is who answered there, `session` tells one process from the next."""

    def __init__(
        self,
        place: Place,
        hello: bytes,
        changed: Callable[["Link"], None],
        context: Callable[[], ssl.SSLContext | None],
        renew_seconds: float,
    ) -> None:
        self.place = place
        self.name = self.session = ""
        self._hello, self._changed, self._context = hello, changed, context
        self._renew_seconds = renew_seconds
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
        """From a connection's beginning to the end of the last one in its stead."""
        opened: _Opened | None = await self._connect()
        while opened is not None:
            opened = await self._follow(opened)

    async def _follow(self, opened: _Opened) -> _Opened | None:
        """From a connection's beginning to its end, or to the one that is to be in its stead."""
        self._writer = writer = opened.writer
        renewed = asyncio.create_task(self._renewed(opened.context))
        ended = asyncio.create_task(self._attend(opened))
        pinging = asyncio.create_task(self._ping(writer))
        try:
            done, _ = await asyncio.wait((renewed, ended), return_when=asyncio.FIRST_COMPLETED)
            if renewed in done and renewed.exception() is None:
                return renewed.result()
            for task in done:
                task.result()
            return None
        finally:
            for each in (renewed, ended, pinging):
                each.cancel()
            if self._writer is writer:
                self._writer = None
                writer.close()

    async def _attend(self, opened: _Opened) -> None:
        """Reads what the other end says until it says good-bye."""
        while True:
            for each in await self._read(opened):
                if self._take(each):
                    return

    async def _renewed(self, context: ssl.SSLContext | None) -> _Opened:
        """Waits until certificates have changed; a connection by the new ones that was answered."""
        while self._context() is context:
            await asyncio.sleep(PING_SECONDS)
        end = time.monotonic() + self._renew_seconds
        while time.monotonic() < end:
            try:
                return await self._answered()
            except (OSError, TimeoutError, Broken, EOFError) as error:
                if isinstance(error, ssl.SSLError):
                    self._tell_distrust(error)
            await asyncio.sleep(min(RENEW_AGAIN_SECONDS, self._renew_seconds))
        raise Broken("certificates have changed here, and it has not taken the new ones")

    async def _answered(self) -> _Opened:
        """A connection on which the same process has answered as now."""
        opened = await self._connect()
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                while not (found := [e for e in await self._read(opened) if e.kind == Kind.HELLO]):
                    pass
            if _who(found[0]) != (self.name, self.session):
                raise Broken("another one answers")
            return opened
        except BaseException:
            opened.writer.close()
            raise

    async def _connect(self) -> _Opened:
        """Begins a connection and says hello."""
        address, port, host = self.place
        context = self._context()
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                address, port, ssl=context, server_hostname=host if context else None
            )
        writer.write(frame(Kind.HELLO, self._hello))
        return _Opened(reader, writer, context)

    async def _read(self, opened: _Opened) -> list[Frame]:
        async with asyncio.timeout(SILENCE_SECONDS):
            data = await opened.reader.read(PIECE_BYTES)
        if not data:
            raise EOFError("it closed the connection")
        return opened.cutter.feed(data)

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
            self.name, self.session = _who(each)
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


def _who(hello: Frame) -> tuple[str, str]:
    """A name, and what tells one process from the next."""
    name, _, session = hello.content.decode("utf-8", "replace").partition("\n")
    return name[:253], session[:64]
