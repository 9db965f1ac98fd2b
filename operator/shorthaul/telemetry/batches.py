"""What a live source has read: totals since its start, and one reading in the making."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shorthaul.telemetry.hubble_blocks import Told
from shorthaul.telemetry.hubble_events import Outcome
from shorthaul.telemetry.skips import Skips
from shorthaul.telemetry.sources import Coverage, SourceHealth, SourceReading
from shorthaul.traffic.flow_tables import Flows, FlowTable
from shorthaul.traffic.flows import NANOSECONDS, AnchorFlow, Flow, Heard, Lost, Unread
from shorthaul.units import NodeName, PodRef, WorkloadRef


@dataclass(slots=True)
class Totals:
    """What was read since the start; every line or message is in exactly one count."""

    lines: int = 0
    flows: int = 0
    bad_lines: int = 0
    lost_events: int = 0
    newest_nanoseconds: int = 0
    skips: Skips = field(default_factory=Skips)


class Batch:
    """One reading in the making."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals
        self._heard: Counter[tuple[NodeName, int]] = Counter()
        self._tables: list[FlowTable] = []
        self.flows: list[Flow] = []
        self.anchored: list[AnchorFlow] = []
        self.lost: list[Lost] = []
        self.unread: list[Unread] = []

    def take_block(self, told: Told, place: str) -> None:
        """Counts what the lines of a block say."""
        for outcome, lines in told.others:
            self.take(outcome, place, lines)
        if isinstance(told.flows, FlowTable):
            totals = self._totals
            totals.lines += len(told.flows)
            totals.flows += len(told.flows)
            totals.newest_nanoseconds = max(totals.newest_nanoseconds, told.flows.newest)
            if told.flows:
                self._tables.append(told.flows)
            return
        for flow in told.flows:
            self.take(flow, place)

    def take(self, outcome: Outcome | AnchorFlow, place: str, lines: int = 1) -> None:
        """Counts what one line or message says, or several; `place` is where it came from."""
        totals = self._totals
        totals.lines += lines
        if isinstance(outcome, Lost):
            self.lose(outcome)
            return
        if isinstance(outcome, Flow):
            totals.flows += 1
            self.flows.append(outcome)
        elif isinstance(outcome, AnchorFlow):
            totals.flows += 1
            self.anchored.append(outcome)
        else:
            totals.bad_lines += outcome.bad * lines
            totals.skips.add(outcome, place, lines=lines)
            if outcome.time_nanoseconds:
                self._heard[outcome.observer, outcome.time_nanoseconds // NANOSECONDS] += lines
        totals.newest_nanoseconds = max(totals.newest_nanoseconds, outcome.time_nanoseconds)

    def lose(self, lost: Lost) -> None:
        """Counts events that are known to be lost."""
        self._totals.lost_events += lost.events
        self.lost.append(lost)

    def alive(self, node: NodeName, seconds: int) -> None:
        """Takes a node for alive in a second, though it has nothing to say."""
        self._heard[node, seconds] += 0

    def reading(
        self,
        workloads: Mapping[PodRef, WorkloadRef],
        health: SourceHealth,
        *,
        caught_up: bool,
        coverage: Coverage | None = None,
    ) -> SourceReading:
        """The reading as it is now; `health` says what only the source knows, counts are ours."""
        totals = self._totals
        return SourceReading(
            flows=Flows((*self._tables, self.flows)) if self._tables else tuple(self.flows),
            anchored=tuple(self.anchored),
            heard=tuple(Heard(*key, lines) for key, lines in sorted(self._heard.items())),
            lost=tuple(self.lost),
            unread=tuple(self.unread),
            workloads=dict(workloads),
            ignored=dict(sorted(totals.skips.ignored.items())),
            leftovers=totals.skips.leftovers(),
            health=replace(
                health,
                lines=totals.lines,
                flows=totals.flows,
                bad_lines=totals.bad_lines,
                lost_events=totals.lost_events,
                newest_nanoseconds=totals.newest_nanoseconds,
            ),
            caught_up=caught_up,
            coverage=coverage,
        )
