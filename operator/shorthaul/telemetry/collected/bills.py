"""Bills the windows of collectors that belong to one window of the grid: bytes in, values out.

All collectors' records are learned from before any is billed, so that a connection which two of
them tell of counts once. Each collector's part is billed apart, since each is a stream of the
ledger's own: it is counted when it is read, however late another one's is.
"""

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from shorthaul.errors import BadInput
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
from shorthaul.traffic.billed_volumes import Stretch, TierOf, entries_of, volume_of
from shorthaul.traffic.both_ends import ends_of
from shorthaul.traffic.counting_points import CountingPoints, Finders
from shorthaul.traffic.entries import Batch, Entry, Span
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.metering import Ground, exporter_finder, metered, node_finder
from shorthaul.traffic.volumes import Volume

_PIECE_BYTES = 1 << 18
_MOST_BYTES = 4 << 30
"""A window's text is larger than its file by this at most, or it is no window of ours."""


@dataclass(frozen=True, slots=True)
class Part:
    """One window of one collector, as it was fetched."""

    collector: str
    listed: Listed
    data: bytes = b""

    @property
    def gone(self) -> bool:
        """Whether it has records that were there no more when they were asked for."""
        return bool(self.listed.records) and not self.data


@dataclass(frozen=True, slots=True)
class Billed:
    """What a window of the grid comes to, for the map and for the ledger."""

    volume: Volume
    batches: tuple[Batch, ...]
    records: int
    counting: int
    refused: int
    damages: tuple[str, ...] = ()
    account: Account = field(default_factory=Account)


@dataclass(frozen=True, slots=True)
class Judging:
    """What records are judged by; a window that more was lost of than the limit is not complete."""

    ground: Ground
    tier_of: TierOf
    rules: Rules
    lost_share_limit: float = 1.0


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
    everything = [passage for each in read for passage in each.reading.passages]
    nodes = Finders(node_finder(ground), exporter_finder(ground))
    points.learn(everything, nodes, stretch.end_milliseconds)
    found = [metered(points.once(each.reading.passages), ground) for each in read]
    time_nanoseconds = stretch.start_seconds * NANOSECONDS
    batches = [
        _batch(each.part, entries_of(part, ground, time_nanoseconds, judging.tier_of))
        for each, part in zip(read, found, strict=True)
    ]
    damages = tuple(damage for each in read for damage in each.reading.damages)
    if points.left_out:
        damages += (
            f"window {stretch.start_seconds}: {points.left_out:,} records left out, of more pairs "
            "of addresses than can be told apart; restrict who may send to collectors",
        )
    little = account.share() <= judging.lost_share_limit
    whole = replace(stretch, complete=stretch.complete and little and not damages)
    refused = sum(one.counts.records for each in read for one in each.reading.refused.values())
    return Billed(
        replace(volume_of(found, ground, whole), ends=ends_of(points.compared, ground)),
        tuple(batches),
        len(everything) + refused,
        len(everything) - sum(part.again.records for part in found),
        refused,
        damages,
        account,
    )


def stream_of(collector: str) -> str:
    """What the ledger knows a collector by."""
    return f"collector {collector}"


def _batch(part: Part, entries: Iterable[Entry]) -> Batch:
    span = Span(part.listed.start_ms, part.listed.end_ms)
    return Batch(stream_of(part.collector), tuple(entries), span)


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
