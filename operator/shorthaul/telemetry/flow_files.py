"""`--flows`: files and folders of Hubble export lines or edge lists, read into observations.

What a file is, its content tells, not its name. Reading is streamed; memory grows with the number
of pod pairs. A damaged line costs that line and is counted; a file that holds nothing usable, and
any mistake in an edge list, is BadInput with file and line.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import chain, islice
from pathlib import Path

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry import edge_lists, hubble_anchors
from shorthaul.telemetry.hubble_events import Skipped
from shorthaul.telemetry.hubble_lines import LONGEST_LINE_BYTES
from shorthaul.telemetry.line_files import LineFile, Progress, find_files
from shorthaul.telemetry.tallies import Tally
from shorthaul.telemetry.tally_warnings import warnings_of
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.observations import UNWEIGHED_EVENTS, DeclaredEdge, Observations
from shorthaul.traffic.pair_sums import pair_sums
from shorthaul.units import Unit

ROW_LIMIT = 4_000_000
_HEAD_LINES = 100
_Lines = Iterator[tuple[int, bytes]]


class _Format(Enum):
    HUBBLE = "hubble"
    CSV = "csv"
    JSON_ROWS = "json rows"


def read_flows(
    paths: Sequence[str], *, unit: Unit | None = None, progress: Progress | None = None
) -> Observations:
    """Reads all files; `unit` chooses where they hold several; raises BadInput."""
    return _read(paths, progress).observations(unit)


def read_flows_and_events(
    paths: Sequence[str],
    *,
    unit: Unit | None = None,
    places: Sequence[Range] = (),
    progress: Progress | None = None,
) -> tuple[Observations, Observations | None]:
    """As `read_flows`; where bytes were asked for and Hubble's events are there too, also these.

    `places` are the named ones outside.
    """
    reading = _read(paths, progress, places)
    chosen = reading.observations(unit)
    joinable = chosen.unit is Unit.BYTES and reading.has_events
    return chosen, reading.observations(Unit.FLOWS) if joinable else None


def _read(
    paths: Sequence[str], progress: Progress | None, places: Sequence[Range] = ()
) -> "_Reading":
    reading = _Reading(places)
    for path, file in find_files(paths).opened(LONGEST_LINE_BYTES, progress):
        reading.read(path, file)
    return reading


class _Reading:
    def __init__(self, places: Sequence[Range]) -> None:
        self._reader = hubble_anchors.reader(places)
        self._tally = Tally()
        self._rows: dict[Unit, list[DeclaredEdge]] = {}
        self._places: dict[Unit, str] = {}
        self._warnings: list[str] = []

    def read(self, path: Path, file: LineFile) -> None:
        """Adds one file."""
        lines = file.lines()
        head = list(islice(lines, _HEAD_LINES))
        if head:
            self._read_lines(str(path), _format_of(head), chain(head, lines))
        if file.damage:
            damage = f"{path}: the compressed data is damaged or ends early ({file.damage})"
            if not head:
                raise BadInput(f"{damage}; give an intact file")
            self._warnings.append(f"{damage}; what came before was used")
        elif not head:
            self._warnings.append(f"{path}: the file is empty")

    @property
    def has_events(self) -> bool:
        """Whether Hubble's flows between pods were among what was read."""
        return self._tally.counted_lines > self._tally.anchored_lines

    def observations(self, unit: Unit | None) -> Observations:
        """All that was read, in one unit."""
        if not self._places:
            raise BadInput(f"{self._warnings[0].split(': ')[0]}: no flows in it; give a recording")
        chosen = self._choose(unit)
        tally, flows = self._tally, chosen is Unit.FLOWS
        ignored = dict(sorted(tally.ignored.items()))
        others = sum(len(rows) for kind, rows in self._rows.items() if kind is not chosen)
        if others:
            ignored[f"rows of an edge list in another unit than {chosen}"] = others
        if tally.counted_lines and not flows:
            ignored[UNWEIGHED_EVENTS] = tally.counted_lines
        return Observations(
            unit=chosen,
            pairs=tally.pairs() if flows else pair_sums(),
            anchored=tally.anchored() if flows else (),
            declared=tuple(sorted(self._rows.get(chosen, ()), key=_row_order)),
            workloads=self._reader.names.workloads,
            observers=tally.observers(),
            clusters={name: str(at) for name, at in sorted(tally.clusters.items()) if name},
            earliest_nanoseconds=tally.earliest_nanoseconds,
            latest_nanoseconds=tally.latest_nanoseconds,
            lines=tally.lines + self._row_count(),
            counted_lines=(tally.counted_lines if flows else 0) + len(self._rows.get(chosen, ())),
            anchored_lines=tally.anchored_lines if flows else 0,
            lost_lines=tally.lost_lines,
            lost_events=sum(tally.lost_events.values()),
            ignored=ignored,
            leftovers=tally.leftovers(),
            warnings=(*self._warnings, *(warnings_of(tally) if flows else ())),
        )

    def _choose(self, unit: Unit | None) -> Unit:
        there = ", ".join(f"{kind} (first: {self._places[kind]})" for kind in sorted(self._places))
        if unit is None and len(self._places) > 1:
            raise BadInput(f"the flows have several units: {there}; say which one with --objective")
        if unit is not None and unit not in self._places:
            hint = "Hubble flows carry no byte counts; " if unit is Unit.BYTES else ""
            raise BadInput(f"the flows have no {unit} but {there}; {hint}choose another objective")
        return unit or next(iter(self._places))

    def _row_count(self) -> int:
        return sum(len(rows) for rows in self._rows.values())

    def _read_lines(self, path: str, kind: _Format, lines: _Lines) -> None:
        match kind:
            case _Format.HUBBLE:
                self._read_hubble(path, lines)
            case _Format.CSV:
                self._read_rows(path, edge_lists.read_csv(path, lines))
            case _Format.JSON_ROWS:
                self._read_rows(path, edge_lists.read_json(path, lines))

    def _read_hubble(self, path: str, lines: _Lines) -> None:
        usable, first_bad = False, ""
        read, add = self._reader.read, self._tally.add
        for number, line in lines:
            outcome = read(line)
            if isinstance(outcome, Skipped) and outcome.bad:
                first_bad = first_bad or f"{path}:{number}: {outcome.reason}"
            else:
                usable = True
            add(outcome, path, number)
        if not usable:
            raise BadInput(
                f"{first_bad}; no line here is a Hubble export line or an edge list's row"
            )
        self._places.setdefault(Unit.FLOWS, path)

    def _read_rows(self, path: str, rows: Iterator[edge_lists.Row]) -> None:
        before = self._row_count()
        for row, unit in rows:
            kept = self._rows.setdefault(unit, [])
            self._places.setdefault(unit, row.where)
            kept.append(row)
            if len(kept) > ROW_LIMIT:
                raise BadInput(f"{row.where}: more than {ROW_LIMIT} rows; read less")
        if self._row_count() == before:
            self._warnings.append(f"{path}: the edge list has no rows")


def _row_order(row: DeclaredEdge) -> tuple[str, str, float, str]:
    return repr(row.client), repr(row.server), row.rate, row.where


def _format_of(head: Sequence[tuple[int, bytes]]) -> _Format:
    if edge_lists.looks_like_header(head[0][1]):
        return _Format.CSV
    for _, line in head:
        try:
            fields = _decode_fields(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        return _Format.JSON_ROWS if edge_lists.looks_like_row(fields) else _Format.HUBBLE
    return _Format.HUBBLE


_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
