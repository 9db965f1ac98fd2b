"""Bills the windows of collectors that belong to one window of the grid: bytes in, values out.

All records that are there are learned from before any is billed, so that a connection which two
collectors tell of counts once. Each collector's part is billed apart, since each is a stream of the
ledger's own: it is counted when it is read, however late another one's is. With each goes a note of
which of its records counted. A part that was counted before a restart comes with its note, and
counts as it did then, whoever else is there now.
"""

import gzip
import io
import itertools
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shorthaul.errors import BadInput
from shorthaul.telemetry.collected import marks
from shorthaul.telemetry.collected.accounts import Account, Accounts
from shorthaul.telemetry.collected.clients import Listed
from shorthaul.telemetry.collected.rosters import MOST_RECORDS
from shorthaul.telemetry.line_cutters import LineCutter
from shorthaul.telemetry.netflow_lines import (
    LONGEST_LINE_BYTES,
    Reading,
    Rules,
    read_lines,
)
from shorthaul.traffic.addresses.parties import Address
from shorthaul.traffic.billed_volumes import Stretch, TierOf, entries_of, volume_of
from shorthaul.traffic.both_ends import ends_of
from shorthaul.traffic.counting_points import CountingPoints, Finders, sorted_by
from shorthaul.traffic.entries import Batch, Entry, Note, Span
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.metering import Ground, exporter_finder, metered, node_finder
from shorthaul.traffic.passages import Passage
from shorthaul.traffic.service_views import by_endpoints
from shorthaul.traffic.volumes import Volume
from shorthaul.units import NodeName

_PIECE_BYTES = 1 << 18
_MOST_BYTES = 4 << 30
"""A window's text is larger than its file by this at most, or it is no window of ours."""


@dataclass(frozen=True, slots=True)
class Part:
    """One window of one collector, as it was fetched, and the ledger's note of it if it has one."""

    collector: str
    listed: Listed
    data: bytes = b""
    note: bytes | None = None

    @property
    def gone(self) -> bool:
        """Whether it has records that were there no more when they were asked for."""
        return bool(self.listed.records) and not self.data


@dataclass(frozen=True, slots=True)
class Billed:
    """What a window of the grid comes to, for the map and for the ledger.

    `told` are the exporters of each collector with their nodes, "" for one that speaks for none.
    """

    volume: Volume
    batches: tuple[Batch, ...]
    records: int
    counting: int
    refused: int
    damages: tuple[str, ...] = ()
    account: Account = field(default_factory=Account)
    told: Mapping[str, Mapping[Address, NodeName]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judging:
    """What records are judged by, and for how long notes of that are kept.

    `open_milliseconds` is the end of the oldest window that more may come for; None for this one.
    """

    ground: Ground
    tier_of: TierOf
    rules: Rules
    kept_seconds: int = 3_600
    open_milliseconds: int | None = None


@dataclass(slots=True)
class Memory:
    """What is remembered from one window to the next: points that count, exporters' numbers."""

    points: CountingPoints = field(default_factory=CountingPoints)
    accounts: Accounts = field(default_factory=Accounts)


@dataclass(slots=True)
class _Read:
    """A part's records."""

    part: Part
    reading: Reading = field(default_factory=Reading)


def bill_parts(
    parts: list[Part],
    memory: Memory,
    judging: Judging,
    stretch: Stretch,
) -> Billed:
    """Everything that some parts of one window come to; learns what the next is judged by."""
    ground, points = judging.ground, memory.points
    read, room = list[_Read](), MOST_RECORDS
    for part in parts:
        read.append(_read(part, judging.rules, room))
        room -= len(read[-1].reading.passages)
    account = memory.accounts.learn(line for each in read for line in each.reading.numbers)
    everything = by_endpoints(
        [passage for each in read for passage in each.reading.passages], ground.book
    )
    _give_back(everything, read)
    nodes = Finders(node_finder(ground), exporter_finder(ground))
    points.learn(everything, nodes, stretch.end_milliseconds, judging.open_milliseconds)
    marked = _marked(read, points, judging.rules)
    found = [
        metered(sorted_by(each.reading.passages, each_marks), ground)
        for each, each_marks in zip(read, marked, strict=True)
    ]
    time_nanoseconds = stretch.start_seconds * NANOSECONDS
    batches = [
        _batch(
            each.part,
            entries_of(part, ground, time_nanoseconds, judging.tier_of),
            Note(
                marks.noted(each_marks, judging.rules), stretch.start_seconds, judging.kept_seconds
            ),
        )
        for each, part, each_marks in zip(read, found, marked, strict=True)
    ]
    damages = tuple(damage for each in read for damage in each.reading.damages)
    if points.left_out:
        damages += (
            f"window {stretch.start_seconds}: {points.left_out:,} records left out, of more pairs "
            "of addresses than can be told apart; restrict who may send to collectors",
        )
    whole = replace(stretch, complete=stretch.complete and not damages)
    refused = sum(one.counts.records for each in read for one in each.reading.refused.values())
    return Billed(
        replace(volume_of(found, ground, whole), ends=ends_of(points.compared, ground)),
        tuple(batches),
        len(everything) + refused,
        len(everything) - sum(part.again.records for part in found),
        refused,
        damages,
        account,
        _told(read, points),
    )


def _give_back(everything: Sequence[Passage], read: Iterable[_Read]) -> None:
    """Gives each part its own passages of all, in place of those that it had."""
    rest = iter(everything)
    for each in read:
        each.reading.passages[:] = itertools.islice(rest, len(each.reading.passages))


def stream_of(collector: str) -> str:
    """What the ledger knows a collector by."""
    return f"collector {collector}"


def span_of(listed: Listed) -> Span:
    """Which positions of its collector's stream a window is."""
    return Span(listed.start_ms, listed.end_ms)


def _batch(part: Part, entries: Iterable[Entry], note: Note) -> Batch:
    return Batch(stream_of(part.collector), tuple(entries), span_of(part.listed), note)


def _marked(
    read: Sequence[_Read], points: CountingPoints, rules: Rules
) -> Sequence[Sequence[bool]]:
    """Which records of each part count: first as they did before, then those that are new."""
    found: list[Sequence[bool] | None] = []
    for each in read:
        passages, note = each.reading.passages, each.part.note
        before = None if note is None else marks.told(note, len(passages), rules)
        if before is not None:
            points.recall(passages, before)
        found.append(before)
    return [
        points.judge(each.reading.passages) if before is None else before
        for each, before in zip(read, found, strict=True)
    ]


def _told(
    read: Iterable[_Read], points: CountingPoints
) -> Mapping[str, Mapping[Address, NodeName]]:
    told: dict[str, dict[Address, NodeName]] = {}
    for each in read:
        exporters = {passage.exporter for passage in each.reading.passages}
        told.setdefault(each.part.collector, {}).update(
            {address: points.node_of(address) for address in exporters if address is not None}
        )
    return told


def _read(part: Part, rules: Rules, most: int) -> _Read:
    name = f"collector {part.collector}, window {part.listed.start_ms}"
    found = _Read(part)
    try:
        lines = enumerate(_lines(part.data), start=1) if part.data else ()
        read_lines(lines, name, found.reading, rules, most)
    except BadInput as error:
        found.reading.damages.append(str(error))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        found.reading.damages.append(f"{name}: damaged ({error}); what came before counts")
    return found


def _lines(data: bytes) -> Iterator[bytes]:
    cutter, done = LineCutter(LONGEST_LINE_BYTES), 0
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as source:
        while chunk := source.read1(_PIECE_BYTES):
            done += len(chunk)
            if done > _MOST_BYTES:
                raise BadInput(f"a window of more than {_MOST_BYTES:,} bytes; give shorter windows")
            yield from (line for line in cutter.feed(chunk) if line)
    yield from cutter.finish()
