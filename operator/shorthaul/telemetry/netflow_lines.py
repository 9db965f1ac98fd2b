"""The collector's lines, read back into passages that can be billed.

An address counts as it is nearest to its own end: the sender's before a translation of it, the
receiver's after one, since each translation hides who is behind it. The way back of a record that
told of both goes through the same translation from its far side: there the sender's counts after
it, and the receiver's before. Counts are scaled by the sampling that was told. A record without
times, or whose times do not touch the stretch in which it can have been, gets all of that stretch:
from the longest that a flow may be held back until it was received. Bad lines cost themselves and
are counted by reason, with their first place. A sum of a flow's life is counted like any other: the
collector tells it once, and takes off what it told.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry.line_files import LineFile, Progress, find_files
from shorthaul.traffic.addresses.bills import Counts, Transfer
from shorthaul.traffic.addresses.parties import Address, read_address
from shorthaul.traffic.passages import Passage
from shorthaul.traffic.rate_errors import sampling_variance

RECORD_LIMIT = 4_000_000
CLOCK_SLACK_MILLISECONDS = 60_000
LONGEST_LINE_BYTES = 1 << 16
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


class Refused(StrEnum):
    """Why a line is no record that could be billed."""

    NO_RECORD = "no line of the collector (no JSON, or a field is missing or of another kind)"
    LAYER2 = "between MAC addresses (layer 2), which no pod is known by"
    LARGE = "with 2^63 bytes or packets or more, after the sampling"
    NO_ADDRESS = "with an address that is none"


class Noted(StrEnum):
    """What to know of records that count all the same."""

    UNSAMPLED = "tell no sampling: they count as --sampling says, without it as they are"
    NO_TIME = "have no time of their own, or one that cannot be"
    LAYER2_BYTES = "have the frames' headers in their bytes"
    EVENT = "are from a firewall's log of events"
    TOTAL = "are totals of a flow's whole life"


_FLAGGED = {each.name.lower(): each for each in (Noted.LAYER2_BYTES, Noted.EVENT, Noted.TOTAL)}


@dataclass(frozen=True, slots=True)
class Rules:
    """The longest that a flow is held back, and the sampling where a record tells none."""

    longest_milliseconds: int
    sampling: int = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused for one reason, and where the first was; scaled like all counts."""

    counts: Counts
    first: str


NUMBERS = b'{"numbers":'
"""How a line of a spool begins that is no record, but tells of an exporter's numbers."""
_COUNT_LIMIT = 1 << 63
_Count = Annotated[int, msgspec.Meta(ge=0, le=_COUNT_LIMIT - 1)]
_Word = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
_Port = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]


class NumbersLine(msgspec.Struct, frozen=True):
    """A line of a spool that tells which of an exporter's numbers came, as `sinks` writes it."""

    exporter: str
    domain: _Word
    version: Annotated[int, msgspec.Meta(ge=5, le=10)]
    told_ms: _Count
    spans: tuple[tuple[_Word, _Count], ...]
    exporter_port: _Port = 0
    rule: Annotated[int, msgspec.Meta(ge=0, le=0xFF)] = 0
    boot_ms: _Count = 0


class _Numbers(msgspec.Struct, frozen=True):
    numbers: NumbersLine


@dataclass(slots=True)
class Reading:
    """Passages, what was refused, what to note by records, and files that ended early.

    `numbers` are what a spool tells of exporters' numbers.
    """

    passages: list[Passage] = field(default_factory=list)
    refused: dict[Refused, Refusal] = field(default_factory=dict)
    noted: dict[Noted, int] = field(default_factory=dict)
    damages: list[str] = field(default_factory=list)
    numbers: list[NumbersLine] = field(default_factory=list)

    def refuse(self, reason: Refused, counts: Counts, where: str) -> None:
        """Counts a line that is none."""
        known = self.refused.get(reason, Refusal(Counts(), where))
        self.refused[reason] = Refusal(known.counts + counts, known.first)


class Line(msgspec.Struct, frozen=True):
    """A line as `collectors.sinks` writes it."""

    source: str
    destination: str
    source_port: _Port
    destination_port: _Port
    protocol: Annotated[int, msgspec.Meta(ge=0, le=0xFF)]
    bytes: _Count
    packets: _Count
    start_ms: _Count
    end_ms: _Count
    received_ms: _Count
    exporter: str | None = None
    exporter_port: _Port = 0
    domain: _Count = 0
    direction: str = ""
    ingress_interface: _Count = 0
    egress_interface: _Count = 0
    sampling: Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)] = 0
    post_source: str = ""
    post_source_port: _Port = 0
    post_destination: str = ""
    post_destination_port: _Port = 0
    flags: tuple[str, ...] = ()


def read_records(paths: Sequence[str], rules: Rules, progress: Progress | None = None) -> Reading:
    """All files, plain or gzip; raises BadInput where one cannot be read or none has a record."""
    found = find_files(paths)
    reading = Reading()
    for path, file in found.opened(LONGEST_LINE_BYTES, progress):
        _read_file(path, file, reading, rules)
    if not reading.passages and not reading.refused:
        raise BadInput(
            f"{found.paths[0]}: no records in it; give what shorthaul collector --out wrote"
        )
    strange = reading.refused.get(Refused.NO_RECORD)
    if strange is not None and not reading.passages and len(reading.refused) == 1:
        raise BadInput(
            f"{strange.first}: {Refused.NO_RECORD}, and so are all {strange.counts.records:,} "
            "lines; give what shorthaul collector --out wrote"
        )
    return reading


def read_lines(
    lines: Iterable[tuple[int, bytes]],
    name: str,
    reading: Reading,
    rules: Rules,
    most: int,
) -> None:
    """Adds numbered lines; raises BadInput where they are too many."""
    decoder, numbers = msgspec.json.Decoder(Line), msgspec.json.Decoder(_Numbers)
    for number, text in lines:
        where = f"{name}:{number}"
        if len(reading.passages) >= most:
            raise BadInput(f"{where}: more than {most:,} records; give files of a shorter time")
        try:
            if text.startswith(NUMBERS):
                reading.numbers.append(numbers.decode(text).numbers)
                continue
            line = decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            reading.refuse(Refused.NO_RECORD, Counts(records=1), where)
            continue
        take(line, reading, rules, where)


def _read_file(path: Path, file: LineFile, reading: Reading, rules: Rules) -> None:
    read_lines(file.lines(), str(path), reading, rules, RECORD_LIMIT)
    if file.damage:
        reading.damages.append(f"{path}: ends early ({file.damage}); what came before was used")


def take(line: Line, reading: Reading, rules: Rules, where: str) -> None:
    """Adds a line as a passage, or counts why it is none."""
    factor = line.sampling or rules.sampling
    counts = Counts(line.bytes * factor, line.packets * factor, 1)
    if max(counts.bytes, counts.packets) >= _COUNT_LIMIT:
        reading.refuse(Refused.LARGE, Counts(records=1), where)
        return
    if _MAC.fullmatch(line.source) or _MAC.fullmatch(line.destination):
        reading.refuse(Refused.LAYER2, counts, where)
        return
    try:
        source, destination, ports = _ends(line)
        exporter = _address(line.exporter) if line.exporter else None
    except BadInput:
        reading.refuse(Refused.NO_ADDRESS, counts, where)
        return
    own = _has_time(line, rules)
    first, last = (line.start_ms, line.end_ms) if own else _widest(line, rules)
    since = first if own and "total" not in line.flags else last
    size, packets = counts.bytes, counts.packets
    variance = sampling_variance(line.bytes, line.packets, factor)
    transfer = Transfer(source, destination, first, last, size, packets, variance)
    reading.passages.append(
        Passage(transfer, *ports, line.protocol, exporter, _point(line), since, factor)
    )
    for note in _notes(line, own):
        reading.noted[note] = reading.noted.get(note, 0) + 1


def _ends(line: Line) -> tuple[Address, Address, tuple[int, int]]:
    """Sender and receiver, and their ports."""
    if "reverse" in line.flags:
        source, destination = line.post_source or line.source, line.destination
        ports = line.post_source_port or line.source_port, line.destination_port
    else:
        source, destination = line.source, line.post_destination or line.destination
        ports = line.source_port, line.post_destination_port or line.destination_port
    return _address(source), _address(destination), ports


_address = lru_cache(1 << 16)(read_address)


def _has_time(line: Line, rules: Rules) -> bool:
    """Whether its own times can be: no later than received, and not held back for too long."""
    earliest = line.received_ms - rules.longest_milliseconds
    latest = line.received_ms + CLOCK_SLACK_MILLISECONDS
    told = "no_time" not in line.flags and line.start_ms <= line.end_ms
    return told and earliest <= line.end_ms <= latest


def _widest(line: Line, rules: Rules) -> tuple[int, int]:
    return line.received_ms - rules.longest_milliseconds, line.received_ms


def _point(line: Line) -> str:
    """Where on its exporter it was seen: the interface by which it came in, or went out."""
    leaving = line.direction == "egress"
    interface = line.egress_interface if leaving else line.ingress_interface
    return f"{line.exporter_port} {line.domain} {line.direction} {interface}"


def _notes(line: Line, own_time: bool) -> Iterator[Noted]:
    if not line.sampling:
        yield Noted.UNSAMPLED
    if not own_time:
        yield Noted.NO_TIME
    for flag, note in _FLAGGED.items():
        if flag in line.flags:
            yield note
