"""The packets of a capture file: libpcap's old form and pcapng, in either byte order.

Bytes in, packets out; a file that ends early gives what is whole and then raises `Broken`. Nothing
is followed that a length says beyond the file's end.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

_PCAP = {0xA1B2C3D4: 1_000, 0xA1B23C4D: 1_000_000}
"""Magic numbers, and how many of the clock's units are a millisecond."""
_SECTION, _INTERFACE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 3, 6
_BYTE_ORDER = 0x1A2B3C4D
_MICROSECONDS = 1_000_000


class Broken(ValueError):
    """The file ends in the middle, or says what cannot be."""


class Packet(NamedTuple):
    """One captured frame; `cut` where the capture has less of it than there was."""

    milliseconds: int
    link: int
    frame: bytes
    cut: bool


class _Interface(NamedTuple):
    link: int
    units_per_second: int


def is_capture(head: bytes) -> bool:
    """Whether a file that begins so is a capture."""
    return _byte_order(head) is not None or head[:4] == _SECTION.to_bytes(4, "big")


def packets(data: bytes) -> Iterator[Packet]:
    """All of them; raises Broken where the file does not go on."""
    order = _byte_order(data)
    if order is not None:
        yield from _old(data, order)
    else:
        yield from _new(data)


def _byte_order(data: bytes) -> str | None:
    for order, name in (("<", "little"), (">", "big")):
        if int.from_bytes(data[:4], name) in _PCAP:  # type: ignore[arg-type]
            return order
    return None


def _old(data: bytes, order: str) -> Iterator[Packet]:
    head, each = struct.Struct(f"{order}IHHiIII"), struct.Struct(f"{order}IIII")
    if len(data) < head.size:
        raise Broken("no whole header")
    magic, *_, link = head.unpack_from(data)
    per_millisecond, at = _PCAP[magic], head.size
    while at < len(data):
        if at + each.size > len(data):
            raise Broken(f"ends in a packet's header at byte {at}")
        seconds, part, held, length = each.unpack_from(data, at)
        at += each.size
        if at + held > len(data):
            raise Broken(f"ends in a packet at byte {at}")
        frame = data[at : at + held]
        yield Packet(seconds * 1_000 + part // per_millisecond, link & 0xFFFF, frame, held < length)
        at += held


def _new(data: bytes) -> Iterator[Packet]:
    order, interfaces, at = "<", list[_Interface](), 0
    while at < len(data):
        if at + 12 > len(data):
            raise Broken(f"ends in a block's header at byte {at}")
        if data[at : at + 4] == _SECTION.to_bytes(4, "big"):
            little = int.from_bytes(data[at + 8 : at + 12], "little") == _BYTE_ORDER
            order, interfaces = "<" if little else ">", []
        kind, length = struct.unpack_from(f"{order}II", data, at)
        if length < 12 or length % 4 or at + length > len(data):
            raise Broken(f"a block of {length} bytes at byte {at} cannot be whole")
        body = data[at + 8 : at + length - 4]
        if kind == _INTERFACE:
            interfaces.append(_interface(body, order))
        elif kind in (_ENHANCED, _SIMPLE):
            found = (_enhanced if kind == _ENHANCED else _simple)(body, order, interfaces)
            if found is None:
                raise Broken(f"a packet at byte {at} is of no interface, or longer than its block")
            yield found
        at += length


def _interface(body: bytes, order: str) -> _Interface:
    if len(body) < 8:
        raise Broken("an interface without its kind of link")
    link = struct.unpack_from(f"{order}H", body)[0]
    units, at = _MICROSECONDS, 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(f"{order}HH", body, at)
        if code == 9 and length >= 1 and at + 4 < len(body):
            told = body[at + 4]
            units = 1 << (told & 0x7F) if told & 0x80 else 10 ** min(told, 18)
        at += 4 + (length + 3) // 4 * 4
    return _Interface(link, units)


def _enhanced(body: bytes, order: str, interfaces: list[_Interface]) -> Packet | None:
    if len(body) < 20:
        return None
    number, high, low, held, length = struct.unpack_from(f"{order}IIIII", body)
    if number >= len(interfaces) or 20 + held > len(body):
        return None
    link, units = interfaces[number]
    moment = (high << 32 | low) * 1_000 // units
    return Packet(moment, link, body[20 : 20 + held], held < length)


def _simple(body: bytes, order: str, interfaces: list[_Interface]) -> Packet | None:
    """A packet without a time; it is at 0, which sorts it first."""
    if len(body) < 4 or not interfaces:
        return None
    length = struct.unpack_from(f"{order}I", body)[0]
    frame = body[4 : 4 + length]
    return Packet(0, interfaces[0].link, frame, len(frame) < length)
