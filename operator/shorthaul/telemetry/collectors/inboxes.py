"""Room for the datagrams that one call reads, and who sent each of them.

With the compiled receiver (`kernels`) a call reads what is there, up to SLOTS datagrams; without
it they are read one by one. What comes of either is the same: `Arrivals`.
"""

import socket
import sys
from array import array
from collections.abc import Sequence
from functools import lru_cache

from shorthaul.telemetry.collectors.kernels import library
from shorthaul.telemetry.collectors.sockets import Receiver
from shorthaul.telemetry.netflow.arrivals import KEY_BYTES, Arrivals, gathered
from shorthaul.telemetry.netflow.exporters import Sender

SLOTS = library.MOST
SLOT_BYTES = 1 << 16
"""No datagram is longer."""


class Inbox:
    """Read into again and again, by one thread: what came is there until the next call."""

    def __init__(self) -> None:
        self._arrivals = Arrivals(
            data=bytearray(SLOTS * SLOT_BYTES),
            places=array("q", range(0, SLOTS * SLOT_BYTES, SLOT_BYTES)),
            lengths=array("i", bytes(4 * SLOTS)),
            keys=bytearray(SLOTS * KEY_BYTES),
            sender_of=sender_of,
        )
        made = library.receiver(self._arrivals, SLOT_BYTES, SLOTS) if library.available() else None
        self._receive = made

    def fill(self, receiver: Receiver) -> Arrivals:
        """The next datagrams of a socket, none where there is none or one brought an error."""
        if self._receive is not None:
            number = self._receive(receiver.socket.fileno())
            if number != library.CANNOT:
                self._arrivals.number = number
                return self._arrivals
            self._receive = None
        return self._one_by_one(receiver)

    def _one_by_one(self, receiver: Receiver) -> Arrivals:
        found = []
        for _ in range(SLOTS):
            one = receiver.receive()
            if one is None:
                break
            data, address, port = one
            found.append((data, Sender(address, port)))
        return gathered(found)


def handed_on(messages: Sequence[tuple[bytes, Sender]]) -> Arrivals:
    """Messages that another collector received, with keys as if they had come to a socket here."""
    made = gathered(messages)
    made.keys = bytearray().join(socket_key(sender) for _, sender in messages)
    made.sender_of = sender_of
    return made


@lru_cache(4_096)
def socket_key(sender: Sender) -> bytes:
    """The kernel's own socket address of a sender; it has no scope, as senders' names have none."""
    wide = ":" in sender.address
    family = socket.AF_INET6 if wide else socket.AF_INET
    head = int(family).to_bytes(2, sys.byteorder) + sender.port.to_bytes(2, "big")
    packed = socket.inet_pton(family, sender.address)
    return (head + bytes(4) * wide + packed).ljust(KEY_BYTES, b"\0")


@lru_cache(4_096)
def sender_of(key: bytes) -> Sender:
    """Who the kernel's own socket address stands for, named as Python's sockets name it."""
    family, port = int.from_bytes(key[:2], sys.byteorder), int.from_bytes(key[2:4], "big")
    if family == socket.AF_INET6:
        return Sender(socket.inet_ntop(socket.AF_INET6, key[8:24]), port)
    return Sender(socket.inet_ntop(socket.AF_INET, key[4:8]), port)
