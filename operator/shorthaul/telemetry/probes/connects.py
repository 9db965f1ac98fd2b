"""One probe: a TCP connection that is opened and given up, timed by the kernel where it tells.

The kernel takes the time from SYN to SYN/ACK itself (`tcpi_rtt`), so that a busy processor on this
side does not count as distance; where it tells nothing sensible our own clock counts. The
connection is reset at once, which leaves nothing behind at either end.
"""

import asyncio
import errno
import socket
import struct
import time
from dataclasses import dataclass

from shorthaul.telemetry.probes.outcomes import Outcome

_RESET = struct.pack("ii", 1, 0)
_TCP_INFO = getattr(socket, "TCP_INFO", 11)
_RTT_OFFSET = 68
"""Of `tcpi_rtt` in `struct tcp_info` (linux/tcp.h), in microseconds."""
_INFO_BYTES = 104


@dataclass(frozen=True, slots=True)
class Connect:
    """What came of one connection; `own` when it led back to the address that it began at."""

    outcome: Outcome
    milliseconds: float = 0.0
    own: bool = False


async def connect(address: str, port: int, timeout_seconds: float, source: str = "") -> Connect:
    """Connects once, from `source` if one is given, and resets the connection; never raises."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as found:
            found.setblocking(False)
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            if source:
                found.bind((source, 0))
            begun = time.perf_counter()
            async with asyncio.timeout(timeout_seconds):
                await asyncio.get_running_loop().sock_connect(found, (address, port))
            taken = time.perf_counter() - begun
            own = found.getsockname()[0] == found.getpeername()[0]
            return Connect(Outcome.ANSWERED, _milliseconds(found, taken), own)
    except TimeoutError:
        return Connect(Outcome.TIMEOUT)
    except OSError as error:
        return Connect(_outcome(error.errno))


def _outcome(number: int | None) -> Outcome:
    if number in (errno.ECONNREFUSED, errno.ECONNRESET):
        return Outcome.REFUSED
    return Outcome.TIMEOUT if number == errno.ETIMEDOUT else Outcome.UNREACHABLE


def _milliseconds(connected: socket.socket, taken_seconds: float) -> float:
    told = 0
    try:
        info = connected.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _INFO_BYTES)
        if len(info) >= _RTT_OFFSET + 4:
            (told,) = struct.unpack_from("=I", info, _RTT_OFFSET)
    except OSError:
        told = 0
    taken = taken_seconds * 1_000
    return told / 1_000 if 0 < told / 1_000 <= taken else taken
