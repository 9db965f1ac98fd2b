"""From messages to passages with keys that tell each record from all others, for good.

A record is known by its message and by what it says of whom; of several that say the same in one
message, by how many came before. Nothing that depends on other messages is part of it: not the
sampling or the clock that options tell, not how much a firewall's event adds to those before it,
and not when a set that waited for its template was read. So the same record has the same key
whatever files it comes in, and its hour is that of its message's own header.
"""

import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry.captures.exports import NOBODY, Export
from shorthaul.telemetry.collectors.sinks import line_of
from shorthaul.telemetry.netflow import messages
from shorthaul.telemetry.netflow.decoders import Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.limits import Limits
from shorthaul.telemetry.netflow.reasons import Reason
from shorthaul.telemetry.netflow.records import Batch, Flag, Record
from shorthaul.telemetry.netflow_lines import RECORD_LIMIT, Line, Reading, Rules, take
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.settled_passages import Keyed

_MILLISECOND = NANOSECONDS // 1_000
_FOR_EVER = 1e15
LIMITS = Limits(
    template_seconds=_FOR_EVER,
    exporter_seconds=_FOR_EVER,
    held_seconds=_FOR_EVER,
    held_sets_per_exporter=1 << 18,
    held_bytes_per_exporter=256 << 20,
    held_bytes=256 << 20,
)
"""A file is read once and whole: nothing ages, and data may wait for its template to the end."""
_ENDS = struct.Struct(">4I6H")
_COUNTED_BY_STATE = Flag.EVENT | Flag.TOTAL


@dataclass(slots=True)
class Decoded:
    """Records with keys; all others by reason; and what to know of them."""

    records: list[Keyed] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    reading: Reading = field(default_factory=Reading)
    warnings: list[str] = field(default_factory=list)


def decode(exports: Iterable[Export], rules: Rules, most: int = RECORD_LIMIT) -> Decoded:
    """All records of messages; raises BadInput where they are too many."""
    decoder, batch = Decoder(LIMITS), Batch()
    decoded, sent = Decoded(), list[Export]()
    times: dict[int, Counter[bytes]] = {}
    for number, export in enumerate(exports):
        sent.append(export)
        decoder.decode(export.data, export.sender, number, batch)
        for record in _emptied(batch):
            if len(decoded.records) >= most:
                raise BadInput(f"more than {most:,} records at once; give fewer captures")
            _keep(record, sent[record.received], decoder, decoded, rules, times)
    _tell(decoder, decoded)
    return decoded


def _emptied(batch: Batch) -> Iterator[Record]:
    yield from batch
    batch.clear()


def _keep(
    record: Record,
    export: Export,
    decoder: Decoder,
    decoded: Decoded,
    rules: Rules,
    times: dict[int, Counter[bytes]],
) -> None:
    exported = _exported(export.data)
    seen = record._replace(received=export.milliseconds or exported)

    def named(number: int) -> Sender | None:
        sender = decoder.registry.name(number)
        return None if sender == NOBODY else sender

    line, before = msgspec.convert(line_of(seen, named), Line), len(decoded.reading.passages)
    take(line, decoded.reading, rules, str(export.sender.address))
    if len(decoded.reading.passages) == before:
        return
    what = _what(record)
    same = times.setdefault(record.received, Counter())
    key = blake2b(export.mark + what + same[what].to_bytes(4, "big"), digest_size=16).digest()
    same[what] += 1
    passage = decoded.reading.passages.pop()
    decoded.records.append(Keyed(passage, key, exported * _MILLISECOND))


def _what(record: Record) -> bytes:
    """What a record says that no other message changes."""
    counts = (0, 0) if record.flags & _COUNTED_BY_STATE else (record.bytes, record.packets)
    places = record.domain, record.ingress, record.egress, record.protocol
    ports = (
        record.source_port,
        record.destination_port,
        record.post_source_port,
        record.post_destination_port,
        record.direction,
        record.flags & Flag.REVERSE,
    )
    return b"".join(
        (
            *record[:4],
            *(count.to_bytes(8, "big") for count in counts),
            _ENDS.pack(*places, *ports),
        )
    )


def _exported(data: bytes) -> int:
    header = messages.header(data)
    return header.exported if isinstance(header, messages.Message) else 0


def _tell(decoder: Decoder, decoded: Decoded) -> None:
    """What became of everything else."""
    totals = decoder.totals
    for reason, number in totals.refused.items():
        if reason.startswith("record:"):
            decoded.passed[str(reason)] += number
        elif reason is not Reason.DATAGRAM_REPEATED:
            decoded.warnings.append(f"{number:,} refused: {reason}")
    for refused, each in decoded.reading.refused.items():
        decoded.passed[f"record {refused}"] += each.counts.records
    waiting = sum(exporter.held_sets for exporter in decoder.registry)
    if waiting:
        decoded.warnings.append(
            f"{waiting:,} sets of data wait for a template that no file has; give those that have "
            "it together with these, and what is counted now will not count again"
        )
    lost = {version: decoder.loss(version).lost for version in (5, 9, 10)}
    decoded.warnings += [
        f"exporters numbered {number:,} units of version {version} that no file has"
        for version, number in lost.items()
        if number
    ]
    decoded.warnings += [
        f"{number:,} records {note}" for note, number in sorted(decoded.reading.noted.items())
    ]
