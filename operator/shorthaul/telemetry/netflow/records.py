"""The decoded flow: what every exporter's record becomes, and the flat buffer that carries many.

A record is one direction of one flow, as its exporter counted it: bytes and packets are never
scaled, `sampling` says what they would have to be scaled by. The buffer's layout is that of a C
structure in the machine's own byte order, so the compiled reader fills it and `struct` reads it.
"""

import ipaddress
import struct
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from typing import NamedTuple

ADDRESS_BYTES = 16
NO_ADDRESS = bytes(ADDRESS_BYTES)


class Family(IntEnum):
    """What the addresses are: IPv4 is kept as ::ffff:a.b.c.d, a MAC in the last six bytes."""

    LAYER2 = 2
    IPV4 = 4
    IPV6 = 6


class Direction(IntEnum):
    """Where on its device the exporter saw the flow."""

    INGRESS = 0
    EGRESS = 1
    UNKNOWN = 255


class Flag(IntFlag):
    """What to know about a record before its counts are added to others."""

    REVERSE = 1
    """The backward half of a record that had both directions."""
    LAYER2_BYTES = 2
    """The bytes have the frames' headers in them."""
    TOTAL = 4
    """The counts are of the flow's whole life, told once at its end."""
    NO_TIME = 8
    """The exporter gave no time of the flow: start and end are the export's."""
    EVENT = 16
    """From a firewall's log of events."""


class Record(NamedTuple):
    """One direction of one flow. Times are Unix milliseconds, by the exporter's clock.

    `exporter` is a number that the decoder gave (`Decoder.exporter`), `received` is by our clock.
    `sampling` N means that one packet in N was looked at; 0 that the exporter has not said.
    The `post_` addresses and ports are those after a translation; zeros where there was none.
    """

    source: bytes
    destination: bytes
    post_source: bytes
    post_destination: bytes
    bytes: int
    packets: int
    start: int
    end: int
    received: int
    exporter: int
    domain: int
    ingress: int
    egress: int
    sampling: int
    source_port: int
    destination_port: int
    post_source_port: int
    post_destination_port: int
    protocol: int
    family: int
    direction: int
    flags: int


LAYOUT = struct.Struct("=16s16s16s16s5Q5I4H4B")


def address_text(address: bytes, family: int) -> str:
    """An address as people write it."""
    if family == Family.IPV4:
        return str(ipaddress.IPv4Address(address[12:]))
    if family == Family.IPV6:
        return str(ipaddress.IPv6Address(address))
    return address[10:].hex(":")


class Batch:
    """Room for records, filled by the decoder and handed on when it is full or due."""

    def __init__(self, room: int = 8_192) -> None:
        self.room = room
        self.length = 0
        self.buffer = bytearray(room * LAYOUT.size)

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Record]:
        used = memoryview(self.buffer)[: self.length * LAYOUT.size]
        return map(Record._make, LAYOUT.iter_unpack(used))

    def add(self, *values: bytes | int) -> None:
        """Appends one record, given in the order of its fields."""
        LAYOUT.pack_into(self.buffer, self.length * LAYOUT.size, *values)
        self.length += 1

    def clear(self) -> None:
        """Forgets the records; the room stays."""
        self.length = 0
