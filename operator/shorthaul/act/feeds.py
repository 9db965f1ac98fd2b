"""Reads every FlowSource into the recorders of windows, and tells how each source does.

A source whose spec changes is opened anew. One whose flows are only to be reported is read, so that
its health shows, but its flows attract nothing. Windows close only when every trusted source is
read up, so that a backlog is not taken for silence. Windows of bytes come closed from their source.

The windows are in memory only. After a restart, or when another process begins to lead, they are
made again from the files, as far back as windows are kept. A source whose spec has changed while it
is read goes on from the end of its files, so that nothing is counted twice.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shorthaul import metrics
from shorthaul.act.coverages import Covering, shortened, uncovered
from shorthaul.act.left_out_counts import LeftOut, weightless
from shorthaul.act.openings import (
    lag_seconds,
    least_coverage_percent,
    open_source,
    reads_past,
    unit_of,
)
from shorthaul.act.source_states import state_of
from shorthaul.act.volume_sums import VolumeSums
from shorthaul.api import conditions
from shorthaul.api.flowsources import (
    FlowSource,
    FlowSourceSpec,
    FlowSourceStatus,
    SourceHealth,
    Trust,
)
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.plan.traffic_maps import Gathered
from shorthaul.store.keepers import Keeper
from shorthaul.telemetry import sources
from shorthaul.telemetry.live_books import LiveBook
from shorthaul.telemetry.sources import Coverage, Source, SourceReading, Surroundings
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.graphs import SourceState
from shorthaul.traffic.recorders import Recorder
from shorthaul.traffic.volume_recorders import VolumeRecorder
from shorthaul.traffic.volumes import Volume
from shorthaul.traffic.windows import Window, WindowRules
from shorthaul.units import NodeName, PodRef, Unit, WorkloadRef

MOST_ROUNDS = 64
MOST_TOLD = 2**53


@dataclass(slots=True)
class _Open:
    """A source that is being read, for one generation of its spec."""

    generation: int
    source: Source
    spec: FlowSourceSpec
    was_read: bool = False
    coverage: Coverage | None = None
    health: sources.SourceHealth = field(default_factory=sources.SourceHealth)
    flows_before: int = 0
    read_before: float = 0.0
    rate: float = 0.0
    volumes: VolumeSums = field(default_factory=lambda: VolumeSums(1))
    weightless: Mapping[str, int] = field(default_factory=dict)
    late_events: int = 0
    early_events: int = 0
    refused_windows: int = 0

    @property
    def trusted(self) -> bool:
        """Whether its flows may attract."""
        return self.spec.trust is Trust.FULL


class Feed:
    """All sources and the windows that they fill."""

    def __init__(
        self,
        rules: WindowRules,
        now_seconds: float,
        snapshot: Callable[[], Snapshot | None] = lambda: None,
        *,
        book: LiveBook | None = None,
        ledger: Keeper | None = None,
    ) -> None:
        """Store the rules and who tells what is in the cluster; nothing is opened here."""
        self.recorder = Recorder(rules, now_seconds)
        self.volumes = VolumeRecorder(rules)
        self._snapshot, self._book, self._ledger = snapshot, book, ledger
        self._shown = VolumeRecorder(rules)
        self.workloads: dict[PodRef, WorkloadRef] = {}
        self._open: dict[str, _Open] = {}
        self._left_out = LeftOut()

    async def observe(
        self,
        wanted: Iterable[FlowSource],
        now_seconds: float,
        expected: frozenset[NodeName] | None,
    ) -> tuple[Window | Volume, ...]:
        """Reads what is new and closes the windows whose time is over; gives those, of any unit."""
        self._keep(wanted, now_seconds)
        caught_up, volumes = True, list[Volume]()
        for name, source in self._open.items():
            caught_up = await self._drain(name, source, now_seconds, volumes) and caught_up
        self._count_nodes()
        closed = self.recorder.close(now_seconds, expected) if caught_up else ()
        holders = self._book.holders if self._book else None
        self._left_out.tell(self.recorder, (self.volumes, self._shown), holders)
        for window in closed:
            metrics.WINDOWS.labels("complete" if window.complete else "incomplete").inc()
        return (*closed, *volumes)

    def gathered(self, now_seconds: float) -> Gathered:
        """What trusted sources have told by now, as values that a worker may make maps of."""
        trusted = [source for source in self._open.values() if source.trusted]
        return Gathered(
            units=frozenset(unit_of(source.spec) for source in trusted),
            rules=self.recorder.rules,
            windows=tuple(self.recorder.windows),
            workloads=dict(self.workloads),
            volumes=self.volumes.windows(now_seconds),
            lag_seconds=max((lag_seconds(source.spec) for source in trusted), default=0.0),
            sources=self._states(now_seconds),
        )

    def _states(self, now_seconds: float) -> Mapping[Unit, Mapping[str, SourceState]]:
        """How each trusted source does, by what it counts."""
        found: dict[Unit, dict[str, SourceState]] = {}
        for name, each in sorted(self._open.items()):
            if each.trusted:
                state = state_of(each.health, each.coverage, now_seconds)
                found.setdefault(unit_of(each.spec), {})[name] = state
        return found

    def uncovered(self, nodes: Set[NodeName]) -> Reason | None:
        """Why too few of the cluster's nodes are seen to plan upon, if so."""
        covering = [
            Covering(name, each.coverage or Coverage(), least_percent)
            for name, each in self._open.items()
            if each.trusted and (least_percent := least_coverage_percent(each.spec))
        ]
        return uncovered(covering, nodes)

    def status(self, source: FlowSource, now: datetime) -> FlowSourceStatus:
        """How a source does, for its object."""
        found = self._open.get(source.metadata.name)
        health = found.health if found else sources.SourceHealth()
        newest = min(health.newest_nanoseconds / NANOSECONDS, now.timestamp())
        seen = (found.coverage if found else None) or Coverage()
        sums = found.volumes if found else VolumeSums(1)
        told = SourceHealth(
            lines=_told(health.lines),
            flows=_told(health.flows),
            lost_events=_told(health.lost_events),
            bad_lines=_told(health.bad_lines),
            ignored_lines=_told(found.weightless.get("ignored", 0) if found else 0),
            leftover_lines=_told(found.weightless.get("leftover", 0) if found else 0),
            late_events=_told(found.late_events if found else 0),
            early_events=_told(found.early_events if found else 0),
            refused_windows=found.refused_windows if found else 0,
            files=_told(health.files),
            silent_collectors=_told(health.silent),
            truncations=_told(health.truncations),
            nodes=len(seen.known),
            connected_nodes=len(seen.connected),
            windows=sums.windows,
            incomplete_windows=sums.incomplete_windows,
            bytes=_told(sums.billed_bytes),
            unattributed_bytes=_told(sums.left_bytes),
            flows_per_second=round(min(found.rate, MOST_TOLD), 1) if found else 0.0,
            lag_seconds=round(max(0.0, now.timestamp() - newest), 1) if newest else 0.0,
            last_flow_time=datetime.fromtimestamp(newest, UTC) if newest else None,
            last_error="; ".join(health.troubles)[:1024],
        )
        state = _state(found)
        return FlowSourceStatus(
            observed_generation=source.metadata.generation,
            conditions=conditions.reported(
                source.status.conditions,
                (state,),
                generation=source.metadata.generation,
                now=now,
            ),
            health=told,
        )

    def close(self) -> None:
        """Closes all files and connections."""
        for source in self._open.values():
            source.source.close()
        self._open.clear()
        if self._ledger is not None:
            self._ledger.close()

    def _keep(self, wanted: Iterable[FlowSource], now_seconds: float) -> None:
        named = {source.metadata.name: source for source in wanted}
        for name in [name for name in self._open if name not in named]:
            self._open.pop(name).source.close()
            self._forget(name)
        for name, source in named.items():
            known = self._open.get(name)
            if known is not None and known.generation == source.metadata.generation:
                continue
            if known is not None:
                known.source.close()
                self._forget(name)
            spec, since = source.spec, self._kept_since(now_seconds)
            around = Surroundings(
                rules=self.recorder.rules,
                snapshot=self._snapshot,
                since_nanoseconds=since if reads_past(spec) and known is None else None,
                kept_seconds=now_seconds - since / NANOSECONDS,
                book=self._book,
                ledger=self._ledger,
            )
            opened = open_source(spec, around)
            self._open[name] = _Open(
                source.metadata.generation,
                opened,
                spec,
                volumes=VolumeSums(self.recorder.rules.kept_windows),
            )

    def _forget(self, name: str) -> None:
        for recorder in (self.volumes, self._shown):
            recorder.forget(name)

    def _count_nodes(self) -> None:
        known, connected = set[NodeName](), set[NodeName]()
        for source in self._open.values():
            if source.coverage is not None:
                known |= source.coverage.known
                connected |= source.coverage.connected
        metrics.SOURCE_NODES.labels("connected").set(len(connected))
        metrics.SOURCE_NODES.labels("missing").set(len(known - connected))
        metrics.SILENT_COLLECTORS.set(sum(each.health.silent for each in self._open.values()))

    def _kept_since(self, now_seconds: float) -> int:
        rules = self.recorder.rules
        return int(now_seconds - (rules.kept_windows + 1) * rules.window_seconds) * NANOSECONDS

    async def _drain(
        self, name: str, source: _Open, now_seconds: float, volumes: list[Volume]
    ) -> bool:
        """Reads until there is no more, within bounds; whether it is read up."""
        for _ in range(MOST_ROUNDS):
            reading = await source.source.read()
            self._take(source, reading, now_seconds)
            volumes += self._recorded(name, source, reading.volumes, now_seconds)
            if reading.caught_up:
                return True
            if not reading.health.lag_bytes:
                break  # it waits for somebody: again at the next tick
        return not source.trusted

    def _recorded(
        self, name: str, source: _Open, volumes: Iterable[Volume], now_seconds: float
    ) -> list[Volume]:
        """The windows of bytes that say something new and may attract."""
        recorder = self.volumes if source.trusted else self._shown
        before = recorder.refused.total()
        found = [volume for volume in volumes if recorder.add(name, volume, now_seconds)]
        source.refused_windows += recorder.refused.total() - before
        for volume in found:
            grown = source.volumes.add(volume)
            metrics.BYTE_WINDOWS.labels("complete" if volume.complete else "incomplete").inc()
            metrics.BYTES.labels("attributed").inc(grown.billed_bytes)
            metrics.BYTES.labels("unattributed").inc(grown.left_bytes)
        return found if source.trusted else []

    def _take(self, source: _Open, reading: SourceReading, now_seconds: float) -> None:
        source.health, source.coverage = reading.health, reading.coverage
        source.was_read = True
        elapsed = now_seconds - source.read_before
        if elapsed >= 1.0:
            source.rate = (reading.health.flows - source.flows_before) / elapsed
            source.flows_before, source.read_before = reading.health.flows, now_seconds
        metrics.FLOW_RECORDS.labels("counted").inc(len(reading.flows) + len(reading.anchored))
        metrics.LOST_EVENTS.inc(sum(lost.events for lost in reading.lost))
        known, source.weightless = source.weightless, weightless(reading)
        for outcome, lines in source.weightless.items():
            metrics.FLOW_RECORDS.labels(outcome).inc(max(0, lines - known.get(outcome, 0)))
        if not source.trusted:
            return
        self.workloads.update(reading.workloads)
        late, early = self.recorder.late_events, self.recorder.early_events
        self.recorder.add_all(reading.flows, now_seconds)
        for each in reading.anchored:
            self.recorder.add_anchored(each, now_seconds)
        source.late_events += self.recorder.late_events - late
        source.early_events += self.recorder.early_events - early
        for heard in reading.heard:
            self.recorder.hear(heard, now_seconds)
        for unread in reading.unread:
            self.recorder.miss(unread, now_seconds)
        for lost in reading.lost:
            self.recorder.lose(lost, now_seconds)


def _told(count: int) -> int:
    """A count as the API takes it, whatever a source makes of it."""
    return min(count, MOST_TOLD)


def _state(source: _Open | None) -> conditions.State:
    if source is None or not source.was_read:
        return conditions.not_ready("NothingHeard", "it has not been read yet")
    if source.health.troubles:
        return conditions.not_ready("SourceInTrouble", source.health.troubles[0])
    if unit_of(source.spec) is Unit.BYTES:
        return conditions.ready(source.volumes.text, "Reading")
    seen = source.coverage
    if seen is None:
        return conditions.ready("flows are being read", "Reading")
    if not seen.known:
        return conditions.not_ready("NothingHeard", "no node has been heard of yet")
    least_percent = least_coverage_percent(source.spec)
    told = f"{len(seen.connected)} of {len(seen.known)} nodes"
    blind = f" (not {shortened(frozenset(seen.missing))})" if seen.missing else ""
    if len(seen.connected) * 100 < least_percent * len(seen.known):
        wanted = f"at least {least_percent} % are asked for"
        return conditions.not_ready("FlowsUncovered", f"{told} are connected{blind}, {wanted}")
    return conditions.ready(f"flows of {told} are being read{blind}", "Reading")
