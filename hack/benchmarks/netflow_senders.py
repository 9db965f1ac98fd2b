"""Exporters on loopback that send far more datagrams a second than a collector can take.

Messages are prepared once; only their sequence numbers are written anew. Those of one length go to
the kernel together, up to 64 KiB in one call, and the kernel cuts them into datagrams (UDP_SEGMENT,
since Linux 4.18) before they come to the collector's socket: what is received, and what is dropped,
are single datagrams as any exporter's. Sequence numbers begin shortly below 2^32, so that they wrap
on the way. Linux only.
"""

import random
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from benchmarks import netflow_messages
from shorthaul.errors import BadInput

EXPORTERS = 8
"""Sockets that take turns: one stream of that many records a second no real exporter has."""
FLOOD = 1e9
"""Messages a second that no machine sends: as fast as it can."""
WRAP_AFTER_MESSAGES = 1_000
LONGEST_BYTES = 65_507
MOST_SEGMENTS = 64
NAP_SECONDS = 0.0005
_SEGMENT = 103  # UDP_SEGMENT, which Python's socket does not name.
_CYCLE_MESSAGES = 2_000
_WORD = 1 << 32
_NUMBER_AT = {5: 16, 9: 12, 10: 8}


@dataclass(frozen=True, slots=True)
class Bundle:
    """Messages of one length behind each other, and where their numbers are among them."""

    data: bytearray
    numbers: npt.NDArray[np.uint32]
    steps: npt.NDArray[np.uint32]
    cut: bytes

    @property
    def messages(self) -> int:
        """How many datagrams they become."""
        return len(self.numbers)


class Sender:
    """Some exporters that send the same messages, each with numbers of its own."""

    def __init__(self, shape_name: str, seed: int, port: int) -> None:
        shape = netflow_messages.SHAPES[shape_name]
        self.records = shape.records
        self.units = 1 if shape.version == 9 else shape.records
        drawn = netflow_messages.messages(shape_name, _CYCLE_MESSAGES * shape.records, seed)
        at = _NUMBER_AT[shape.version]
        self._greeting = _bundle(drawn[:1], at, self.units)
        self._bundles = [_bundle(found, at, self.units) for found in _alike(drawn)]
        chance = random.Random(seed)
        first = _WORD - WRAP_AFTER_MESSAGES * self.units
        self._next = [first + chance.randrange(9) for _ in range(EXPORTERS)]
        self._turn = 0
        self.sent = 0
        self.messages_per_second = FLOOD
        self._sockets = [_connected(port) for _ in range(EXPORTERS)]

    def send(self) -> None:
        """Sends the next messages, of the exporter whose turn it is."""
        turn, which = divmod(self._turn, EXPORTERS)
        self._send(which, self._bundles[turn % len(self._bundles)])
        self._turn += 1

    def greet(self) -> None:
        """Sends one message of every exporter, with the template if there is one."""
        for which in range(EXPORTERS):
            self._send(which, self._greeting)

    def pace(self, seconds: float) -> float:
        """Sends at `messages_per_second`, or as near to it as it can; the seconds that it took.

        Another thread may change the speed meanwhile: it is that since the beginning then, and what
        is behind it is sent at once.
        """
        begun, before = time.monotonic(), self.sent
        while (spent := time.monotonic() - begun) < seconds:
            if self.sent - before < spent * self.messages_per_second:
                self.send()
            else:
                time.sleep(NAP_SECONDS)
        return spent

    def close(self) -> None:
        """Gives the ports back."""
        for one in self._sockets:
            one.close()

    def _send(self, which: int, bundle: Bundle) -> None:
        bundle.numbers[:] = bundle.steps + np.uint32(self._next[which] % _WORD)
        self._sockets[which].sendmsg([bundle.data], [(socket.IPPROTO_UDP, _SEGMENT, bundle.cut)])
        self._next[which] += bundle.messages * self.units
        self.sent += bundle.messages


def _alike(messages: list[bytes]) -> Iterator[list[bytes]]:
    """Messages in their order, as many together as have one length and fit into one call."""
    for length, found in groupby(messages, len):
        alike, most = list(found), min(MOST_SEGMENTS, LONGEST_BYTES // length)
        for at in range(0, len(alike), most):
            yield alike[at : at + most]


def _bundle(messages: list[bytes], number_at: int, units: int) -> Bundle:
    data, length = bytearray(b"".join(messages)), len(messages[0])
    numbers: npt.NDArray[np.uint32] = np.ndarray(
        len(messages), dtype=">u4", buffer=data, offset=number_at, strides=(length,)
    )
    steps = np.arange(len(messages), dtype=np.uint32) * np.uint32(units)
    return Bundle(data, numbers, steps, struct.pack("=H", length))


def _connected(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.IPPROTO_UDP, _SEGMENT, 0)
    except OSError:
        made.close()
        raise BadInput("this kernel does not cut datagrams; it takes Linux 4.18") from None
    made.connect(("127.0.0.1", port))
    return made
