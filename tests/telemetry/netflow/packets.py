"""Builds NetFlow and IPFIX messages byte by byte, as an exporter would."""

import struct

from shorthaul.telemetry.netflow.decoders import ROOM, Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.records import Batch

SECONDS = 1_700_000_000
UPTIME = 3_600_000
NOW = SECONDS * 1000 + 250
EXPORTER = Sender("192.0.2.1", 2055)
FLOW4 = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 8), (2, 4))
FLOW4_WIDTHS = tuple(width for _, width in FLOW4)


def number(value, width):
    return value.to_bytes(width, "big")


def flow4(octets=1000, packets=10, source="10.0.0.1", destination="10.0.0.2", ports=(1234, 80)):
    """One record of the template FLOW4."""
    values = (address(source), address(destination), *ports, 6, octets, packets)
    return b"".join(map(number, values, FLOW4_WIDTHS))


def address(text):
    return int.from_bytes(bytes(map(int, text.split("."))), "big")


def fields(spec):
    """Field specifiers; an element may be (enterprise, number)."""
    made = b""
    for element, width in spec:
        if isinstance(element, tuple):
            made += struct.pack(">HHI", element[1] | 0x8000, width, element[0])
        else:
            made += struct.pack(">HH", element, width)
    return made


def data_set(identity, content):
    return struct.pack(">HH", identity, 4 + len(content)) + content


def template(identity, spec, *, version=10):
    record = struct.pack(">HH", identity, len(spec)) + fields(spec)
    return data_set(0 if version == 9 else 2, record)


def options9(identity, scopes, spec):
    lengths = struct.pack(">HHH", identity, 4 * len(scopes), 4 * len(spec))
    return data_set(1, lengths + fields(scopes) + fields(spec))


def options10(identity, scopes, spec):
    counts = struct.pack(">HHH", identity, len(scopes) + len(spec), len(scopes))
    return data_set(3, counts + fields(scopes) + fields(spec))


def message9(*sets, sequence=0, domain=0, uptime=UPTIME, seconds=SECONDS):
    return struct.pack(">HHIIII", 9, len(sets), uptime, seconds, sequence, domain) + b"".join(sets)


def message10(*sets, sequence=0, domain=0, seconds=SECONDS):
    content = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(content), seconds, sequence, domain) + content


def message5(*records, sequence=0, engine=0, sampling=0, uptime=UPTIME, seconds=SECONDS):
    head = struct.pack(
        ">HHIIIIBBH", 5, len(records), uptime, seconds, 0, sequence, 0, engine, sampling
    )
    return head + b"".join(records)


def record5(octets=1000, packets=10, first=UPTIME - 5000, last=UPTIME - 1000):
    return struct.pack(
        ">4s4s4sHHIIIIHHBBBBHHBBH",
        bytes([10, 0, 0, 1]),
        bytes([10, 0, 0, 2]),
        bytes(4),
        3,
        4,
        packets,
        octets,
        first,
        last,
        1234,
        80,
        0,
        0x18,
        6,
        0,
        65001,
        65002,
        24,
        24,
        0,
    )


def decoded(*messages, sender=EXPORTER, now=NOW, decoder=None):
    """A decoder that has taken some messages, and the records that came out."""
    decoder, batch = decoder or Decoder(), Batch(ROOM * 4)
    for message in messages:
        decoder.decode(message, sender, now, batch)
    return decoder, list(batch)


def refused(decoder):
    """Counts of what was refused, by the reason's name."""
    return {reason.name: count for reason, count in decoder.totals.refused.items()}


def conserved(decoder):
    """Whether every datagram and record is in exactly one count."""
    totals = decoder.totals
    bad = sum(n for reason, n in totals.refused.items() if reason.startswith("datagram:"))
    return totals.datagrams == totals.messages + bad and totals.records == (
        totals.flow_records + totals.option_records + totals.refused_records
    )
