"""HTTP requests that a Hubble Relay tells of as they happen, as round trips between nodes.

A sweep only reckons: what the Relay sends is read on beside it, since a stream that nobody reads
would make agents overwrite what waits there. Nothing from before the first sweep counts; a stream
that was cut is begun again where the node that is furthest behind was read to, and what comes
twice is told by its key, since a request that seems to be there twice would not count at all.

A stream is begun again every now and then though nothing is wrong: an agent whose ring buffer was
empty when it was asked, as after its restart, never tells what comes. Counts of what nodes have
seen do not show that here, since they are of all flows.
"""

import asyncio
import time
from collections.abc import Callable

from google.protobuf.message import DecodeError

from shorthaul.telemetry.hubble_requests import Seen, sighting
from shorthaul.telemetry.prometheus.round_trips import RoundTrips
from shorthaul.telemetry.relay.channels import Server
from shorthaul.telemetry.relay.flow_requests import http_since
from shorthaul.telemetry.relay.links import Link
from shorthaul.telemetry.relay.messages import Message, enum_names, message_class
from shorthaul.telemetry.relay.progresses import Progress
from shorthaul.telemetry.relay.responses import Report, report_of
from shorthaul.topology.exchanges import Exchanges
from shorthaul.traffic.flows import NANOSECONDS

PAUSE_SECONDS = 0.2
MOST_MESSAGES = 20_000
MOST_ROUNDS = 16
"""Of so many messages; then the nodes are looked after, however much comes."""
LEAD_SECONDS = 60
RENEW_SECONDS = 120.0


class RelayRequests:
    """Round trips by the requests that a Relay, or one agent, sees."""

    def __init__(
        self, server: Server, window_seconds: int, clock: Callable[[], float] = time.time
    ) -> None:
        """Store whom to ask; nothing is opened before the first sweep."""
        self._clock, self._window_seconds = clock, window_seconds
        self._exchanges = Exchanges(window_seconds)
        self._link = Link(server, http_since)
        self._parse = message_class("observer.GetFlowsResponse").FromString
        self._node = ""
        self._reading: asyncio.Task[None] | None = None
        self._busy = asyncio.Lock()

    async def sweep(self) -> RoundTrips:
        """What the requests of the last window come to."""
        if self._reading is None:
            progress = Progress(int(self._clock() * NANOSECONDS))
            self._reading = asyncio.create_task(self._read_on(progress))
        elif self._reading.done():
            self._reading.result()
        async with self._busy:
            found, refused = await asyncio.to_thread(self._exchanges.round_trips)
        return RoundTrips(found, refused, trouble=self._link.trouble)

    def close(self) -> None:
        """Ends the connection, once what is being read has been."""
        if self._reading is None:
            self._link.close()
        else:
            self._reading.cancel()

    async def _read_on(self, progress: Progress) -> None:
        reading: asyncio.Future[None] | None = None
        try:
            while True:
                async with self._busy:
                    work = asyncio.to_thread(self._read, self._clock(), progress)
                    reading = asyncio.ensure_future(work)
                    await asyncio.shield(reading)
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            # A thread cannot be ended, and it would open again what is closed under it.
            if reading is not None:
                await asyncio.wait([reading])
            self._link.close()

    def _read(self, now: float, progress: Progress) -> None:
        progress.forget(int((now - self._window_seconds) * NANOSECONDS))
        if self._link.opened and now - self._link.opened >= RENEW_SECONDS:
            self._link.begin_again()
        self._link.keep(now, progress.since)
        for _ in range(MOST_ROUNDS):
            messages = self._link.take(MOST_MESSAGES, now)
            for raw in messages:
                self._take(raw, now, progress)
            if not messages:
                break
        self._link.poll(now, self._node)

    def _take(self, raw: bytes, now: float, progress: Progress) -> None:
        try:
            response = self._parse(raw)
        except DecodeError:
            return
        report = report_of(response) if response.HasField("flow") else None
        latest = int((now + LEAD_SECONDS) * NANOSECONDS)
        if report is None or not progress.is_new(report, latest):
            return
        self._node = report.node
        found = sighting(_seen(response.flow, report))
        if found is not None:
            self._exchanges.see(found)


def _seen(flow: Message, report: Report) -> Seen:
    """What of a flow tells of a request."""
    ports = flow.l4.TCP
    return Seen(
        node=report.node,
        kind=enum_names("flow.L7FlowType").get(flow.l7.type, ""),
        direction=enum_names("flow.TrafficDirection").get(flow.traffic_direction, ""),
        source=_pod(flow.source),
        destination=_pod(flow.destination),
        ports=(ports.source_port, ports.destination_port) if flow.l4.HasField("TCP") else None,
        headers=[(each.key, each.value) for each in flow.l7.http.headers],
        nanoseconds=report.time_nanoseconds,
    )


def _pod(end: Message) -> str:
    return f"{end.namespace}/{end.pod_name}" if end.namespace and end.pod_name else ""
