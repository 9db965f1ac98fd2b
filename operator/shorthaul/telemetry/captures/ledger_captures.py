"""Captures of exporters' messages, and the collector's lines, as batches of the ledger.

A line of the collector is known by all of its text, as a message is by its bytes. What counts is
told to the ledger, so that another point's files that come later are judged by it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry.captures.counted_passages import Memories, of_the_same_traffic, packed
from shorthaul.telemetry.captures.exports import Found, read_exports
from shorthaul.telemetry.captures.records import decode
from shorthaul.telemetry.line_files import find_files
from shorthaul.telemetry.netflow_lines import (
    LONGEST_LINE_BYTES,
    NUMBERS,
    RECORD_LIMIT,
    Line,
    Reading,
    Refused,
    Rules,
    take,
)
from shorthaul.traffic.addresses.bills import Counts
from shorthaul.traffic.billed_volumes import TierOf
from shorthaul.traffic.entries import HOUR_NANOSECONDS, Batch, Entry, Key
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.metering import Ground
from shorthaul.traffic.passages import Passage
from shorthaul.traffic.settled_passages import Keyed, settle

STREAM = "netflow captures"
ENTRIES_PER_BATCH = 20_000
AGAIN = "record of bytes that another point counts"
_MILLISECOND = NANOSECONDS // 1_000

Has = Callable[[int, Sequence[Key]], frozenset[Key]]
"""Tells which of some keys of an hour the ledger has."""


@dataclass(slots=True)
class Captured:
    """All records of some files, each once; `passed` and `warnings` tell of what is none.

    `lines` are the records that were read, `repeated` those of them that are there again.
    """

    records: list[Keyed] = field(default_factory=list)
    lines: int = 0
    repeated: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    longest_milliseconds: int = 0

    @property
    def last_milliseconds(self) -> int:
        """When the last of them ended."""
        return max((each.passage.transfer.last_milliseconds for each in self.records), default=0)

    def add(self, records: Sequence[Keyed]) -> None:
        """Takes records of which some may be known."""
        known = {each.key for each in self.records}
        self.lines += len(records)
        for each in records:
            if each.key in known:
                self.repeated += 1
                continue
            known.add(each.key)
            self.records.append(each)


def read_captures(captures: Sequence[Path], lines: Sequence[Path], rules: Rules) -> Captured:
    """The records of both kinds of files; raises BadInput where there is none in any of them."""
    captured, reading = Captured(longest_milliseconds=rules.longest_milliseconds), Reading()
    found = read_exports(captures) if captures else Found()
    decoded = decode(found.exports, rules)
    captured.add(decoded.records)
    captured.passed.update(found.passed + decoded.passed)
    captured.lines += decoded.passed.total()
    captured.warnings += [*found.damages, *decoded.warnings]
    if found.repeated:
        captured.warnings.append(f"{found.repeated:,} messages are in the files again, read once")
    if captures and not found.exports:
        raise BadInput(f"{captures[0]}: no message of NetFlow or IPFIX; give what exporters sent")
    captured.add(_of_lines(lines, reading, rules))
    for reason, refused in reading.refused.items():
        captured.passed[f"line {reason}"] += refused.counts.records
        captured.lines += refused.counts.records
    captured.warnings += reading.damages
    captured.warnings += [f"{n:,} records {note}" for note, n in sorted(reading.noted.items())]
    return captured


def _of_lines(paths: Sequence[Path], reading: Reading, rules: Rules) -> list[Keyed]:
    decoder, records = msgspec.json.Decoder(Line), list[Keyed]()
    if not paths:
        return records
    for path, file in find_files(list(map(str, paths))).opened(LONGEST_LINE_BYTES, None):
        for number, text in file.lines():
            if text.startswith(NUMBERS):
                continue
            try:
                line = decoder.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                reading.refuse(Refused.NO_RECORD, Counts(records=1), f"{path}:{number}")
                continue
            if len(records) >= RECORD_LIMIT:
                raise BadInput(f"{path}:{number}: more than {RECORD_LIMIT:,} records; give fewer")
            before = len(reading.passages)
            take(line, reading, rules, f"{path}:{number}")
            if len(reading.passages) > before:
                key = blake2b(text.strip(), digest_size=16).digest()
                moment = line.received_ms * _MILLISECOND
                records.append(Keyed(reading.passages.pop(), key, moment))
        if file.damage:
            reading.damages.append(f"{path}: ends early ({file.damage}); what came before was used")
    return records


class CaptureBatches:
    """What some records add to a ledger; `extra` entries are parts of records or have no bytes."""

    def __init__(self, captured: Captured, ground: Ground, tier_of: TierOf) -> None:
        self.extra = 0
        self._captured, self._ground, self._tier_of = captured, ground, tier_of

    def batches(self, has: Has, memories: Memories) -> Iterator[Batch]:
        """In batches of bounded size, no record in two of them."""
        records = self._captured.records
        known = _known(records, has)
        new = [each.passage for each in records if known.isdisjoint((each.key, each.key_elsewhere))]
        before = of_the_same_traffic(new, memories, self._captured.longest_milliseconds)
        entries: list[Entry] = []
        counting: list[Keyed] = []
        found = settle(records, self._ground, self._tier_of, lambda _, key: key in known, before)
        for record, each in zip(records, found, strict=True):
            if each is None:
                self._captured.repeated += 1
                continue
            if each.here:
                counting.append(record)
            else:
                self._captured.passed[AGAIN] += 1
            self.extra += len(each.entries) - each.here
            entries += each.entries
            if len(entries) >= ENTRIES_PER_BATCH:
                yield _batch(entries, counting)
                entries, counting = [], []
        if entries:
            yield _batch(entries, counting)


def _batch(entries: Sequence[Entry], counting: Sequence[Keyed]) -> Batch:
    by_hour: defaultdict[int, list[Passage]] = defaultdict(list)
    for each in counting:
        by_hour[each.time_nanoseconds // HOUR_NANOSECONDS].append(each.passage)
    memories = {hour: packed(passages) for hour, passages in by_hour.items()}
    return Batch(STREAM, tuple(entries), memories=memories)


def _known(records: Sequence[Keyed], has: Has) -> frozenset[Key]:
    """The keys of records that are in the ledger, whichever point counted."""
    by_hour: defaultdict[int, list[Key]] = defaultdict(list)
    for each in records:
        by_hour[each.time_nanoseconds // HOUR_NANOSECONDS] += (each.key, each.key_elsewhere)
    return frozenset().union(*(has(hour, keys) for hour, keys in by_hour.items()))
