"""From a captured frame to the UDP datagram in it, or why there is none that can be used.

Links that captures of exports have: Ethernet with VLAN tags, Linux' cooked ones (`tcpdump -i any`),
raw IP and loopback. Fragments are not put together; IPFIX over TCP is not followed.
"""

import socket
import struct
from typing import NamedTuple

ETHERNET, RAW, COOKED, COOKED2 = 1, 101, 113, 276
_LOOPBACK = frozenset({0, 108})
_RAW_TOO = frozenset({12, 14, 228, 229})
_TAGS = frozenset({0x8100, 0x88A8, 0x9100})
_IPV4, _IPV6, _UDP = 0x0800, 0x86DD, 17
_EXTENSIONS = frozenset({0, 43, 60})

LINK = "packet of a kind of link that is not read"
NO_UDP = "packet that is no UDP datagram"
FRAGMENT = "packet that is a fragment"
CUT = "packet that the capture cut off"


class Datagram(NamedTuple):
    """What was sent to a collector, and by whom."""

    source: str
    source_port: int
    data: bytes


def datagram(link: int, frame: bytes, *, cut: bool = False) -> Datagram | str:
    """The datagram of a frame; `cut` tells that the capture has less than was sent."""
    try:
        packet = _packet(link, frame)
        if isinstance(packet, str):
            return packet
        return _of_ip(packet, cut=cut)
    except (struct.error, IndexError, ValueError):
        return CUT if cut else NO_UDP


def _packet(link: int, frame: bytes) -> bytes | str:
    """The IP packet of a frame."""
    if link in _RAW_TOO or link == RAW:
        return frame
    if link in _LOOPBACK:
        return frame[4:]
    if link == ETHERNET:
        kind, begin = int.from_bytes(frame[12:14], "big"), 14
    elif link == COOKED:
        kind, begin = int.from_bytes(frame[14:16], "big"), 16
    elif link == COOKED2:
        kind, begin = int.from_bytes(frame[0:2], "big"), 20
    else:
        return LINK
    while kind in _TAGS:
        kind, begin = int.from_bytes(frame[begin + 2 : begin + 4], "big"), begin + 4
    return frame[begin:] if kind in (_IPV4, _IPV6) else NO_UDP


def _of_ip(packet: bytes, *, cut: bool) -> Datagram | str:
    version = packet[0] >> 4
    if version == 4:
        begin, length = (packet[0] & 15) * 4, int.from_bytes(packet[2:4], "big")
        if int.from_bytes(packet[6:8], "big") & 0x3FFF:
            return FRAGMENT
        protocol, source = packet[9], socket.inet_ntop(socket.AF_INET, packet[12:16])
    elif version == 6:
        begin, protocol = 40, packet[6]
        source = socket.inet_ntop(socket.AF_INET6, packet[8:24])
        length = 40 + int.from_bytes(packet[4:6], "big")
        while protocol in _EXTENSIONS:
            protocol, begin = packet[begin], begin + 8 * (packet[begin + 1] + 1)
        if protocol == 44:
            return FRAGMENT
    else:
        return NO_UDP
    if protocol != _UDP:
        return NO_UDP
    port, _, size, _ = struct.unpack_from(">HHHH", packet, begin)
    end = begin + size
    if size < 8 or end > max(length, begin + 8):
        return NO_UDP
    if end > len(packet):
        return CUT if cut else NO_UDP
    return Datagram(source, port, packet[begin + 8 : end])
