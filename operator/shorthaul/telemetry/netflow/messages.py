"""Message headers of the three versions, and the sets that two of them are made of."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from shorthaul.telemetry.netflow.definitions import IPFIX, IPFIX_TEMPLATES
from shorthaul.telemetry.netflow.limits import SETS_PER_MESSAGE
from shorthaul.telemetry.netflow.reasons import Reason

HEADER5 = struct.Struct(">HHIIIIBBH")
HEADER9 = struct.Struct(">HHIIII")
HEADER10 = struct.Struct(">HHIII")
RECORD5_BYTES = 48
MOST_RECORDS5 = 30
_SET = struct.Struct(">HH")


class Message(NamedTuple):
    """A header as all versions have it; times are Unix milliseconds.

    `begin` and `end` are where the sets, or the records of v5, are; `cut` says that there should be
    more. `boot` is 0 where the version does not tell it; `sampling` is v5's.
    """

    version: int
    domain: int
    sequence: int
    exported: int
    boot: int
    begin: int
    end: int
    cut: bool
    sampling: int


def header(data: bytes) -> Message | Reason:
    """Reads the header; says why when that is impossible."""
    version = int.from_bytes(data[:2], "big")
    if version == 9:
        return _header9(data)
    if version == 10:
        return _header10(data)
    if version == 5:
        return _header5(data)
    return Reason.DATAGRAM_VERSION if len(data) >= 2 else Reason.DATAGRAM_SHORT


def _header5(data: bytes) -> Message | Reason:
    if len(data) < HEADER5.size:
        return Reason.DATAGRAM_SHORT
    _, count, uptime, seconds, nanoseconds, sequence, kind, engine, sampling = HEADER5.unpack_from(
        data
    )
    exported = seconds * 1_000 + min(nanoseconds, 999_999_999) // 1_000_000
    end = HEADER5.size + count * RECORD5_BYTES
    if not 0 < count <= MOST_RECORDS5 or end > len(data):
        return Reason.DATAGRAM_COUNT
    return Message(
        version=5,
        domain=kind << 8 | engine,
        sequence=sequence,
        exported=exported,
        boot=exported - uptime,
        begin=HEADER5.size,
        end=end,
        cut=False,
        sampling=sampling & 0x3FFF,
    )


def _header9(data: bytes) -> Message | Reason:
    if len(data) < HEADER9.size:
        return Reason.DATAGRAM_SHORT
    _, _, uptime, seconds, sequence, domain = HEADER9.unpack_from(data)
    exported = seconds * 1_000
    boot = exported - uptime
    return Message(9, domain, sequence, exported, boot, HEADER9.size, len(data), False, 0)


def _header10(data: bytes) -> Message | Reason:
    if len(data) < HEADER10.size:
        return Reason.DATAGRAM_SHORT
    _, length, seconds, sequence, domain = HEADER10.unpack_from(data)
    if length < HEADER10.size:
        return Reason.DATAGRAM_LENGTH
    end = min(length, len(data))
    cut = length > len(data)
    return Message(10, domain, sequence, seconds * 1_000, 0, HEADER10.size, end, cut, 0)


def may_repeat(data: bytes, message: Message) -> bool:
    """Whether a message may come again in the same bytes without being the same one.

    IPFIX numbers no templates: sent again within a second, with no data between, they are equal.
    """
    return message.version == IPFIX and all(
        not isinstance(found, Reason) and found[0] in IPFIX_TEMPLATES
        for found in sets(data, message.begin, message.end)
    )


def sets(data: bytes, begin: int, end: int) -> Iterator[tuple[int, bytes] | Reason]:
    """The sets of a message: their ids and contents, up to the first that cannot be.

    Every step goes at least 4 bytes on, whatever the lengths say. Zeros at the end are padding.
    """
    for _ in range(SETS_PER_MESSAGE):
        if end - begin < _SET.size:
            return
        number, length = _SET.unpack_from(data, begin)
        if length < _SET.size:
            if any(data[begin:end]):
                yield Reason.SET_LENGTH
            return
        if begin + length > end:
            yield Reason.SET_CUT
            return
        yield number, data[begin + _SET.size : begin + length]
        begin += length
    if end - begin >= _SET.size:
        yield Reason.SET_MANY
