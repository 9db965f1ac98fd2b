"""The UDP sockets: big buffers, and what the kernel dropped because we were too slow."""

import socket
import struct
from dataclasses import dataclass

from shorthaul.errors import BadInput
from shorthaul.telemetry.netflow.limits import LONGEST_MESSAGE_BYTES

FORCED_BUFFER = 33  # SO_RCVBUFFORCE, which a privileged process may use beyond rmem_max.
MEMORY = 55  # SO_MEMINFO, since Linux 4.12: nine numbers, the last of which is what was dropped.
_MEMORY = struct.Struct("=9I")
WORD = 1 << 32


@dataclass(slots=True)
class Drops:
    """Datagrams that a socket's queue had no room for; None where the kernel does not tell."""

    total: int | None = 0
    _last: int = 0

    def see(self, number: int | None) -> None:
        """Takes the kernel's own count, 32 bits wide."""
        if number is None or self.total is None:
            self.total = None
            return
        self.total += (number - self._last) % WORD
        self._last = number


class Receiver:
    """One bound UDP socket."""

    def __init__(self, address: str, port: int, buffer_bytes: int) -> None:
        self.address, self.port = address, port
        self.socket = _bound(address, port, socket.SOCK_DGRAM)
        self.buffer_bytes = enlarge(self.socket, buffer_bytes)
        self.drops = Drops()
        self._room = bytearray(LONGEST_MESSAGE_BYTES)

    @property
    def bound_port(self) -> int:
        """The port that was asked for, or given for 0."""
        return int(self.socket.getsockname()[1])

    def receive(self) -> tuple[bytes, str, int] | None:
        """The next datagram with its sender's address and port; None when there is none."""
        try:
            length, sender = self.socket.recvfrom_into(self._room)
        except BlockingIOError:
            return None
        except OSError:  # An ICMP error of somebody else's; the next datagram is as good.
            return None
        return bytes(memoryview(self._room)[:length]), sender[0], sender[1]

    def count_drops(self) -> None:
        """Asks the kernel what it dropped."""
        try:
            told = self.socket.getsockopt(socket.SOL_SOCKET, MEMORY, _MEMORY.size)
        except OSError:
            told = b""
        self.drops.see(_MEMORY.unpack(told)[8] if len(told) == _MEMORY.size else None)

    def close(self) -> None:
        """Gives the port back."""
        self.socket.close()


def enlarge(found: socket.socket, wanted: int) -> int:
    """Asks for a receive buffer; what the kernel gave, as it counts (twice what is usable)."""
    try:
        found.setsockopt(socket.SOL_SOCKET, FORCED_BUFFER, wanted)
    except OSError:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
    return found.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def _bound(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, kind)
    try:
        made.setblocking(False)
        made.bind((address, port))
    except OSError as error:
        made.close()
        raise BadInput(f"cannot listen on {address} port {port}: {error.strerror}") from None
    return made
