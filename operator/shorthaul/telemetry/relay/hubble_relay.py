"""The source of flows that Hubble Relay, or one agent, serves over gRPC.

Begins with what is new: the ring buffers of nodes reach back differently far, so their past would
show some nodes silent that were not. From then on nothing is left out: a stream that was cut is
begun again where the node that is furthest behind was read to, and what comes twice is told
(`progresses`). What a ring buffer has overwritten meanwhile is estimated from the nodes' own counts
and told as lost, half at each end of the gap.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from shorthaul.telemetry.batches import Batch, Totals
from shorthaul.telemetry.hubble_events import Skipped, node_name
from shorthaul.telemetry.relay.catchups import CatchUp
from shorthaul.telemetry.relay.channels import Server
from shorthaul.telemetry.relay.coverages import Standing, Watch
from shorthaul.telemetry.relay.flow_requests import flows_since
from shorthaul.telemetry.relay.links import Link
from shorthaul.telemetry.relay.messages import Message, enum_names
from shorthaul.telemetry.relay.progresses import Progress
from shorthaul.telemetry.relay.responses import NO_RESPONSE, Report, ResponseReader, report_of
from shorthaul.telemetry.sources import Coverage, SourceHealth, SourceReading
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.flows import NANOSECONDS, Lost, Unread
from shorthaul.units import NodeName

MOST_MESSAGES = 20_000
LEAD_SECONDS = 60
_MOST_ERRORS = 10
_AGAIN = Skipped("read before (the stream was begun again)")


class _Gap(NamedTuple):
    """Between which times a node's flows did not come, and how many had come before."""

    begin: int
    end: int
    delivered: int


class HubbleRelay:
    """A source; `kept_seconds` is how far back flows are of use after a pause.

    `places` are the named ones outside, asked for at each reading, since they may change.
    """

    def __init__(
        self,
        server: Server,
        *,
        kept_seconds: float,
        clock: Callable[[], float] = time.time,
        places: Callable[[], Sequence[Range]] = tuple,
    ) -> None:
        """Store whom to ask; nothing is opened before the first reading."""
        self._address = server.address
        self._kept_seconds = kept_seconds
        self._clock = clock
        self._link = Link(server, flows_since)
        self._reader = ResponseReader()
        self._named = places
        self._totals = Totals()
        self._watch = Watch()
        self._progress: Progress | None = None
        self._catch_up: CatchUp | None = None  # while there is something to catch up with
        self._resumed: dict[str, int] = {}
        self._gaps: dict[str, _Gap] = {}
        self._errors: dict[str, str] = {}
        self._alone = ""
        self._unanswered = False
        self._busy = asyncio.Lock()

    async def read(self) -> SourceReading:
        """What has come, at most so many messages."""
        async with self._busy:
            return await asyncio.to_thread(self._read, self._clock())

    def close(self) -> None:
        """Ends the connection."""
        self._link.close()

    def _read(self, now: float) -> SourceReading:
        self._reader.know(self._named())
        if self._progress is None:
            self._progress, self._catch_up = Progress(int(now * NANOSECONDS)), CatchUp(now)
        progress = self._progress
        progress.forget(int((now - self._kept_seconds) * NANOSECONDS))
        if self._link.keep(now, progress.since):
            self._resume(now, progress)
        batch = Batch(self._totals)
        messages = self._link.take(MOST_MESSAGES, now)
        if messages:
            self._answered(now)
        for raw in messages:
            self._take(raw, now, progress, batch)
        self._attend(now, progress, batch)
        return self._reading(batch, now, progress)

    def _resume(self, now: float, progress: Progress) -> None:
        self._watch.settle(progress.delivered)
        self._resumed = {node: progress.newest(node) for node in self._watch.nodes}
        self._unanswered = True

    def _answered(self, now: float) -> None:
        """Takes note that somebody is there: from now on there is something to catch up with."""
        if self._unanswered:
            awaited = self._catch_up.awaited if self._catch_up else set()
            self._catch_up = CatchUp(now, self._link.opened, awaited)
            self._unanswered = False

    def _cut(self, now: float) -> None:
        """Takes nobody for connected until somebody says so, and waits for those that were."""
        if self._catch_up is None:
            self._catch_up = CatchUp(now)
        self._catch_up.awaited |= self._watch.connected
        self._watch.lose(list(self._watch.nodes))

    def _take(self, raw: bytes, now: float, progress: Progress, batch: Batch) -> None:
        response = self._reader.parse(raw)
        if response is None:
            batch.take(NO_RESPONSE, self._address)
            return
        kind = response.WhichOneof("response_types")
        if kind == "node_status":
            self._note_status(response.node_status)
        report = report_of(response) if kind == "flow" else None
        if report is not None:
            latest = int((now + LEAD_SECONDS) * NANOSECONDS)
            self._note(report, now, progress)
            if not progress.is_new(report, latest):
                batch.take(_AGAIN, self._address)
                return
        batch.take(self._reader.read(response), self._address)

    def _note(self, report: Report, now: float, progress: Progress) -> None:
        """Sees which node speaks, and whether it goes on where it was read to."""
        self._alone = report.node
        self._errors.pop(report.node, None)
        if self._catch_up is not None:
            self._catch_up.hear(report.node, now)
        before = self._resumed.pop(report.node, None)
        if before is not None and report.time_nanoseconds > before:
            delivered = progress.delivered(report.node)
            self._gaps[report.node] = _Gap(before, report.time_nanoseconds, delivered)

    def _note_status(self, status: Message) -> None:
        if enum_names("relay.NodeState").get(status.state_change) == "NODE_CONNECTED":
            return
        names = [node_name(name) for name in status.node_names]
        self._watch.lose(names)
        told = " ".join(status.message.split())[:200]
        if told:
            for name in names[: _MOST_ERRORS - len(self._errors)]:
                self._errors[name] = f"{self._address}: node {name}: {told}"

    def _attend(self, now: float, progress: Progress, batch: Batch) -> None:
        """Looks after the nodes: who is connected, who is silent though it should not be."""
        found = self._link.poll(now, self._alone)
        if found is None:
            return
        self._answered(now)
        self._tell_gaps(found, batch)
        self._watch.poll(found, progress.delivered, forget=self._catch_up is None)
        self._forget_errors()
        for node in self._watch.coverage.connected:
            batch.alive(node, int(now))
        if self._catch_up is not None:
            self._catch_up.see(self._watch.coverage.connected, now)
        elif self._watch.stalled and not self._link.waiting_bytes:
            first = self._watch.stalled[0]
            self._link.renew(now, f"node {first} is connected and sees flows, but none arrives")

    def _forget_errors(self) -> None:
        """Lets go of what nodes said that are connected again, or are no longer there."""
        missing = set(self._watch.coverage.missing)
        self._errors = {name: told for name, told in self._errors.items() if name in missing}

    def _tell_gaps(self, found: Mapping[str, Standing], batch: Batch) -> None:
        """Tells what was lost at nodes that say now how many flows they have seen."""
        told = [name for name in self._gaps if name in found and found[name].connected]
        for name in told:
            gap = self._gaps.pop(name)
            events = self._watch.overwritten(name, found[name], gap.delivered)
            for share, at in ((events - events // 2, gap.begin), (events // 2, gap.end)):
                if share:
                    batch.lose(Lost(NodeName(name), share, at))

    def _caught_up(self, now: float, progress: Progress, batch: Batch) -> bool:
        if not self._link.opened:
            self._cut(now)
        if self._catch_up is None:
            return True
        over = self._catch_up.is_over(now, progress.newest)
        if over:
            batch.unread += [
                Unread(NodeName(node), progress.newest(node), int(now * NANOSECONDS))
                for node in sorted(self._catch_up.awaited)
            ]
        done = self._catch_up.is_given_up(now) or not self._catch_up.awaited & self._watch.connected
        if over and self._link.opened and not self._unanswered and done:
            self._catch_up = None
        return over

    def _reading(self, batch: Batch, now: float, progress: Progress) -> SourceReading:
        caught_up = self._caught_up(now, progress, batch)
        waiting, seen = self._link.waiting_bytes, self._watch.coverage
        return batch.reading(
            self._reader.names.workloads,
            SourceHealth(
                lag_bytes=waiting,
                troubles=tuple(filter(None, (self._link.trouble, *self._errors.values()))),
            ),
            caught_up=not waiting and caught_up,
            coverage=seen if self._link.opened else Coverage(seen.known),
        )
