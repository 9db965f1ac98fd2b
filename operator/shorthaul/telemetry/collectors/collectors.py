"""Runs the collector: reads sockets, decodes, hands batches on, and tells how it is doing.

One thread does all of it, so that counts add up without locks; it holds no API rights, and only a
spool keeps anything on disk. A batch goes on when it is full or due, and whatever the sink raises
ends the process: records that cannot be kept are not dropped in silence. A sink that failed is
handed nothing more, since it may have kept a part: its last batch, and the datagrams that are still
in the sockets, are lost.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable

from shorthaul.errors import BadInput
from shorthaul.telemetry.collectors import expositions, inboxes
from shorthaul.telemetry.collectors.peers import Peers
from shorthaul.telemetry.collectors.settings import CollectorSettings, PeerSettings
from shorthaul.telemetry.collectors.sinks import Sink
from shorthaul.telemetry.collectors.sockets import Receiver
from shorthaul.telemetry.collectors.spools import Unread
from shorthaul.telemetry.collectors.streams import Streams
from shorthaul.telemetry.netflow.arrivals import Arrivals
from shorthaul.telemetry.netflow.decoders import ROOM, Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.lessons import Lesson
from shorthaul.telemetry.netflow.limits import Limits
from shorthaul.telemetry.netflow.networks import Networks
from shorthaul.telemetry.netflow.records import Batch

_LOG = logging.getLogger(__name__)
AT_ONCE = inboxes.SLOTS
"""Datagrams that are read from one socket before others have their turn."""
LAST_DATAGRAMS = 100_000
"""Datagrams that are still taken from each socket once we are told to stop."""
EXPIRE_SECONDS = 10.0
MOST_NAMED = 5
"""Exporters that a warning names."""

Turn = Callable[[int, Unread], None]
"""Told the time in milliseconds and what went unread until then, after each flush."""


class Collector:
    """One process's sockets, decoder and sink."""

    def __init__(
        self,
        settings: CollectorSettings,
        sink: Sink,
        turn: Turn = lambda now, unread: None,
        peers: PeerSettings | None = None,
    ) -> None:
        networks = Networks(settings.networks)
        self.settings = settings
        self.decoder = Decoder(
            Limits(template_seconds=settings.template_seconds), networks=networks
        )
        self.streams = Streams(self._take_stream, self.decoder.close, networks)
        self.peers = None
        if peers is not None:
            self.peers = Peers(peers, networks, self._take_handed, self._learn)
        self.exposition = expositions.CollectorExposition()
        self.receivers: list[Receiver] = []
        self.tcp_port: int | None = None
        self._sink, self._turn = sink, turn
        self._batch = Batch(4 * ROOM)
        self._inbox = inboxes.Inbox()
        self._conflicts = 0
        self._failed: asyncio.Future[None] | None = None
        self._sink_error: Exception | None = None

    async def run(self, started: asyncio.Event | None = None) -> None:
        """Collects until it is told to stop by SIGTERM or SIGINT, or cannot go on."""
        loop = asyncio.get_running_loop()
        stopped = self._failed = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _settle, stopped)
        async with self._listening(loop):
            ticking = asyncio.create_task(self._tick())
            if started is not None:
                started.set()
            try:
                await asyncio.wait((stopped, ticking), return_when=asyncio.FIRST_COMPLETED)
                for ended in (stopped, ticking):
                    if ended.done():
                        ended.result()
            finally:
                ticking.cancel()
                if self.peers is not None:
                    await self.peers.leave()
                if self._sink_error is None:
                    self._drain()

    @contextlib.asynccontextmanager
    async def _listening(self, loop: asyncio.AbstractEventLoop) -> AsyncIterator[None]:
        settings = self.settings
        server = None
        try:
            for port in settings.udp_ports:
                self.receivers.append(
                    Receiver(settings.address, port, settings.receive_buffer_bytes)
                )
            if settings.tcp_port:
                server = await _server(self.streams, settings.address, settings.tcp_port)
                self.tcp_port = server.sockets[0].getsockname()[1]
            for receiver in self.receivers:
                loop.add_reader(receiver.socket, self._read, receiver)
            if self.peers is not None:
                await self.peers.start(settings.address)
            self._tell()
            yield
        finally:
            if server is not None:
                server.close()
            for receiver in self.receivers:
                loop.remove_reader(receiver.socket)
                receiver.close()

    def _tell(self) -> None:
        ports = ", ".join(str(receiver.bound_port) for receiver in self.receivers)
        _LOG.info("listening on %s: UDP %s, TCP %s", self.settings.address, ports, self.tcp_port)
        wanted = self.settings.receive_buffer_bytes
        for receiver in self.receivers:
            if receiver.buffer_bytes < wanted:
                _LOG.warning(
                    "receive buffer of port %s is %s bytes, not %s; raise net.core.rmem_max",
                    receiver.bound_port,
                    receiver.buffer_bytes,
                    wanted,
                )

    def _read(self, receiver: Receiver) -> None:
        """Reads what one socket has, at most AT_ONCE datagrams."""
        try:
            self._receive(receiver, AT_ONCE)
        except BadInput as error:
            self._fail(error)

    def _receive(self, receiver: Receiver, most: int) -> None:
        now = int(time.time() * 1_000)
        while most > 0:
            arrivals = self._inbox.fill(receiver)
            if arrivals.number == 0:
                return
            most -= arrivals.number
            self._decode(self.peers.keep(arrivals) if self.peers else arrivals, now)

    def _decode(self, arrivals: Arrivals, now: int) -> None:
        at = 0
        while at < arrivals.number:
            self._make_room()
            at = self.decoder.decode_many(arrivals, at, now, self._batch)

    def _take_handed(self, messages: list[tuple[bytes, Sender]]) -> None:
        """Takes what other collectors received."""
        try:
            self._decode(inboxes.handed_on(messages), int(time.time() * 1_000))
        except BadInput as error:
            self._fail(error)

    def _learn(self, lesson: Lesson) -> None:
        """Takes what another collector knew of an exporter."""
        try:
            self._make_room()
            self.decoder.learn(lesson, int(time.time() * 1_000), self._batch)
        except BadInput as error:
            self._fail(error)

    def _take_stream(self, data: bytes, sender: Sender) -> None:
        try:
            self._make_room()
            self.decoder.decode(data, sender, int(time.time() * 1_000), self._batch)
        except BadInput as error:
            self._fail(error)

    def _make_room(self) -> None:
        if self._batch.room - self._batch.length < ROOM:
            self._flush()

    def _flush(self) -> None:
        """Hands the batch on, once; raises for ever what the sink raised."""
        if self._sink_error is not None:
            raise self._sink_error
        try:
            registry = self.decoder.registry
            told = registry.take_numbers()
            if self._batch.length or told:
                self._sink.take(self._batch, registry.name, told)
        except Exception as error:
            self._sink_error = error
            raise
        finally:
            self._batch.clear()

    def _drain(self) -> None:
        """Takes what is in the sockets already, and hands the last batch on."""
        for receiver in self.receivers:
            self._receive(receiver, LAST_DATAGRAMS)
        self._flush()
        self._turn(int(time.time() * 1_000), self._unread())
        self._look()

    async def _tick(self) -> None:
        expired = time.monotonic()
        while True:
            await asyncio.sleep(self.settings.flush_seconds)
            self._flush()
            self._turn(int(time.time() * 1_000), self._unread())
            if self.peers is not None:
                self.peers.teach(self.decoder.registry)
            if time.monotonic() - expired >= EXPIRE_SECONDS:
                self.decoder.expire(int(time.time() * 1_000))
                expired = time.monotonic()
            self._look()

    def _unread(self) -> Unread:
        """What was lost on the way or by the kernel, and what nobody could read."""
        losses = [self.decoder.loss(version) for version in expositions.VERSIONS]
        lost = sum(loss.lost for loss in losses)
        for receiver in self.receivers:
            receiver.count_drops()
            lost += receiver.drops.total or 0
        conflicts = sum(loss.conflicts for loss in losses)
        if conflicts > self._conflicts:
            self._conflicts = conflicts
            _LOG.warning(
                "somebody sends in the name of %s: the window will not be used to plan",
                ", ".join(self.decoder.registry.contested[:MOST_NAMED]),
            )
        return Unread(lost, self.decoder.totals.undecodable, conflicts)

    def _look(self) -> None:
        """Takes the snapshot that a scrape sees, with the drops that were counted for the turn."""
        drops = [receiver.drops.total for receiver in self.receivers]
        told = [number for number in drops if number is not None]
        buffers = [receiver.buffer_bytes for receiver in self.receivers]
        gauges = {"streams": self.streams.open, "receive_buffer_bytes": min(buffers, default=0)}
        gauges["members"] = len(self.peers.members) if self.peers else 1
        self.exposition.latest = expositions.snapshot(
            self.decoder,
            gauges,
            self.streams.refused + self.peers.refused if self.peers else self.streams.refused,
            sum(told) if len(told) == len(drops) else None,
            self.peers.counts if self.peers else {},
        )

    def _fail(self, error: BadInput) -> None:
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)


def _settle(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


async def _server(streams: Streams, address: str, port: int) -> asyncio.Server:
    try:
        return await asyncio.start_server(streams.serve, address, port)
    except OSError as error:
        raise BadInput(f"cannot listen on {address} port {port}: {error.strerror}") from None
