"""Blocks of Hubble export lines by their kinds, which the compiled reader tells.

What depends on order (which names are kept when there are too many) is done in the order of lines.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import merge
from itertools import repeat

import msgspec
import numpy as np
import numpy.typing as npt

from shorthaul.telemetry.hubble_anchors import AnchorReader
from shorthaul.telemetry.hubble_blocks import Other, Told
from shorthaul.telemetry.hubble_ends import End
from shorthaul.telemetry.hubble_events import FlowFields, Outcome, Skipped, node_name
from shorthaul.telemetry.hubble_parts import FlowParts
from shorthaul.telemetry.kernels.library import CompiledLines, Parts
from shorthaul.telemetry.line_cutters import Block
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.flow_tables import Counts, FlowTable, Numbers, Patterns, Times
from shorthaul.traffic.flows import NANOSECONDS, AnchorFlow, Flow
from shorthaul.units import NodeName

_ALONE, _SKIPPED = -2, -1
MOST_PATTERNS = 1 << 20
_Rows = npt.NDArray[np.void]
_Same = tuple[object, ...]


@dataclass(slots=True)
class _Kinds:
    """What kinds say: the number of a pattern of flows, or why they are skipped, or _ALONE.

    `ends`, `manners` and `nodes` are parts of kinds by their numbers.
    """

    said: Numbers
    patterns: Patterns
    parts: FlowParts
    skipped: dict[int, Skipped] = field(default_factory=dict)
    ends: dict[int, End | None] = field(default_factory=dict)
    manners: dict[int, FlowFields] = field(default_factory=dict)
    nodes: dict[int, NodeName] = field(default_factory=dict)
    own: dict[_Same, int] = field(default_factory=dict)

    def has(self, parts: Parts) -> bool:
        """Whether all parts of a kind are known."""
        source, destination, manner, node = parts
        ends = source in self.ends and destination in self.ends
        return ends and manner in self.manners and node in self.nodes


@dataclass(frozen=True, slots=True)
class _Keys:
    """The uuids of rows, as they are in the block; `own` are those of lines without a kind."""

    content: bytes
    begins: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    own: dict[int, str]

    def __call__(self, row: int) -> str:
        found = self.own.get(row)
        if found is not None:
            return found
        begin = int(self.begins[row])
        return self.content[begin : begin + int(self.lengths[row])].decode("ascii")


class KindReader:
    """Reads blocks; `reader` decides what kinds and single lines say."""

    def __init__(self, reader: AnchorReader) -> None:
        self._reader = reader
        self._lines = CompiledLines(seed=hash("lines"))
        self._kinds = self._none()
        self._places: tuple[Range, ...] = ()

    def know(self, places: Sequence[Range]) -> None:
        """Takes other named places outside from now on."""
        self._reader.know(places)
        if tuple(places) != self._places:
            self._places = tuple(places)
            self._forget()

    def read(self, block: Block) -> Iterator[Told]:
        """What the lines say, some thousands at a time."""
        at = block.begin
        while at < block.end:
            if len(self._kinds.patterns) > MOST_PATTERNS:
                self._forget()
            before = self._lines.known
            number, after = self._lines.read(block.content, at, block.end)
            if after == at:
                self._forget()
            elif number:
                yield self._told(block.content, self._lines.rows[:number], before)
            at = after

    def _none(self) -> _Kinds:
        patterns = Patterns()
        parts = FlowParts(self._lines.most_parts, patterns)
        return _Kinds(np.empty(self._lines.most_kinds, np.int32), patterns, parts)

    def _forget(self) -> None:
        """Begins anew; what was told keeps the patterns that it has."""
        self._lines.forget()
        self._kinds = self._none()

    def _told(self, content: bytes, rows: _Rows, before: int) -> Told:
        kinds, known = rows["kind"], self._kinds
        alone = self._learn(content, rows, before)
        said = np.where(kinds < 0, _ALONE, known.said[kinds])
        for row in np.flatnonzero((said == _ALONE) & (kinds >= 0)).tolist():
            alone[row] = self._reader.read(_line(content, rows, row))
        times, events, own = rows["time"].copy(), rows["count"].astype(np.uint64), dict[int, str]()
        others: list[tuple[int, Other]] = []
        for row, outcome in alone.items():
            if isinstance(outcome, Flow):
                said[row] = self._own_pattern(outcome)
                times[row], events[row] = outcome.time_nanoseconds, outcome.events
                own[row] = outcome.key
            elif outcome is not None:
                others.append((row, Other(outcome)))
        others += self._skipped(kinds, times, said)
        return Told(
            _table(content, rows, known.patterns, (said, times, events), own),
            [other for _, other in sorted(others, key=_row)],
        )

    def _learn(
        self, content: bytes, rows: _Rows, before: int
    ) -> dict[int, Outcome | AnchorFlow | None]:
        """Decides what new kinds say, and reads the lines that have none; None is a blank line."""
        alone: dict[int, Outcome | AnchorFlow | None] = {}
        parts, first = self._lines.new_kinds(before)
        certain = self._kinds.parts.flows(parts)
        self._kinds.said[before : before + len(parts)][certain] = self._kinds.parts.add(
            parts[certain]
        )
        doubtful = np.flatnonzero(~certain)
        new = zip(first[doubtful].tolist(), doubtful.tolist(), strict=True)
        single = zip(np.flatnonzero(rows["kind"] < 0).tolist(), repeat(None))
        for row, number in merge(new, single, key=_row):
            text = partial(_line, content, rows, row)
            if number is not None:
                time = int(rows["time"][row])
                self._decide(before + number, parts[number].item(), time, text)
                continue
            line = text()
            alone[row] = None if line.isspace() else self._reader.read(line)
        return alone

    def _decide(self, kind: int, parts: Parts, time: int, line: Callable[[], bytes]) -> None:
        known = self._kinds
        if not known.has(parts) and not self._meet(parts, line()):
            known.said[kind] = _ALONE
            return
        source, destination, manner, node = parts
        flow = known.manners[manner]
        flow.source, flow.destination = known.ends[source], known.ends[destination]
        outcome = self._reader.lines.events.decide(flow, time, known.nodes[node])
        if isinstance(outcome, Flow):
            number = known.said[kind] = known.patterns.add(outcome)
            known.parts.learn(parts, number, (flow.source, flow.destination))
        elif isinstance(outcome, Skipped) and not self._reader.may_name(outcome):
            known.said[kind] = _SKIPPED
            known.skipped[kind] = outcome
        else:
            known.said[kind] = _ALONE

    def _meet(self, parts: Parts, line: bytes) -> bool:
        """Takes the parts of a kind from a line of it, if that is a right one."""
        try:
            event = self._reader.lines.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        flow, known = event.flow, self._kinds
        if flow is None:
            return False
        source, destination, manner, node = parts
        known.ends.setdefault(source, flow.source)
        known.ends.setdefault(destination, flow.destination)
        known.nodes.setdefault(node, node_name(event.node_name or flow.node_name))
        known.manners.setdefault(manner, flow)
        self._reader.lines.events.learn(flow)
        return True

    def _own_pattern(self, flow: Flow) -> int:
        """The number of the pattern of a line without a kind."""
        known = self._kinds
        same = flow.client, flow.server, flow.reply, flow.observer, flow.cluster
        number = known.own.get(same)
        if number is None:
            number = known.own[same] = known.patterns.add(flow)
        return number

    def _skipped(self, kinds: Numbers, times: Times, said: Numbers) -> Iterator[tuple[int, Other]]:
        """What skipped lines say by kind and second, with the last time of each."""
        skipped = self._kinds.skipped
        at = np.flatnonzero(said == _SKIPPED)
        if not len(at):
            return
        same = kinds[at].astype(np.int64) << 32 | times[at] // NANOSECONDS
        _, first, group, lines = np.unique(
            same, return_index=True, return_inverse=True, return_counts=True
        )
        last = np.zeros(len(first), np.int64)
        np.maximum.at(last, group, times[at])
        columns = at[first].tolist(), last.tolist(), lines.tolist()
        for row, time, number in zip(*columns, strict=True):
            outcome = skipped[int(kinds[row])]
            told = outcome._replace(time_nanoseconds=time) if outcome.time_nanoseconds else outcome
            yield row, Other(told, number)


def _row(pair: tuple[int, object]) -> int:
    return pair[0]


def _line(content: bytes, rows: _Rows, row: int) -> bytes:
    begin = int(rows["begin"][row])
    return content[begin : begin + int(rows["length"][row])]


def _table(
    content: bytes,
    rows: _Rows,
    patterns: Patterns,
    columns: tuple[Numbers, Times, Counts],
    own: dict[int, str],
) -> FlowTable:
    """The flows among rows; `own` are the keys of rows that tell them otherwise."""
    said, times, events = columns
    at = np.flatnonzero(said >= 0)
    keys = {int(np.searchsorted(at, row)): key for row, key in own.items()}
    return FlowTable(
        patterns,
        said[at],
        times[at],
        events[at],
        _Keys(content, rows["key"][at], rows["key_length"][at], keys),
    )
