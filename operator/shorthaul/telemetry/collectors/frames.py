"""What collectors say to each other: frames of a length, a kind and a content, over one stream."""

import struct
from enum import IntEnum
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.limits import LONGEST_MESSAGE_BYTES

LONGEST_BYTES = 4 << 20
"""No frame is longer: an exporter's lesson has 256 templates of 2 KiB at most, in each domain."""
_HEAD = struct.Struct(">IB")
_FROM = struct.Struct(">HB")


class Kind(IntEnum):
    """What a frame is."""

    HELLO = 1
    DATAGRAM = 2
    LESSON = 3
    PING = 4
    PONG = 5
    BYE = 6


class Frame(NamedTuple):
    """One of them."""

    kind: int
    content: bytes


class Broken(Exception):
    """What came is no frame of ours."""


def frame(kind: Kind, content: bytes = b"") -> bytes:
    """A frame as it is sent."""
    return _HEAD.pack(len(content), kind) + content


def datagram_frame(data: bytes | memoryview, sender: Sender) -> bytes:
    """A datagram and who sent it."""
    address = sender.address.encode()
    head = _FROM.pack(sender.port, len(address)) + address
    return _HEAD.pack(len(head) + len(data), Kind.DATAGRAM) + head + data


def read_datagram(content: bytes) -> tuple[bytes, Sender]:
    """A datagram that was handed on; raises Broken."""
    begin = _FROM.size + (content[_FROM.size - 1] if len(content) >= _FROM.size else 0)
    if begin > len(content) or len(content) - begin > LONGEST_MESSAGE_BYTES:
        raise Broken("no datagram")
    return content[begin:], _sender(content[:begin])


@lru_cache(4_096)
def _sender(head: bytes) -> Sender:
    try:
        port, _ = _FROM.unpack_from(head)
        address = head[_FROM.size :].decode("ascii")
        ip_address(address)
    except (struct.error, ValueError) as error:
        raise Broken("no datagram") from error
    return Sender(address, port)


class Cutter:
    """Cuts frames out of a stream, wherever its pieces end."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole now; raises Broken."""
        self._kept += data
        found, at = list[Frame](), 0
        while len(self._kept) - at >= _HEAD.size:
            length, kind = _HEAD.unpack_from(self._kept, at)
            if length > LONGEST_BYTES:
                raise Broken(f"a frame of {length:,} bytes")
            end = at + _HEAD.size + length
            if end > len(self._kept):
                break
            found.append(Frame(kind, bytes(memoryview(self._kept)[at + _HEAD.size : end])))
            at = end
        del self._kept[:at]
        return found
