"""The sockets of this network namespace that send to a port, as the kernel lists them.

No right is needed to read the list, and nothing is asked of the program whose socket it is.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

LISTS = Path("/proc/net")


class Transport(StrEnum):
    """What flows are sent over."""

    UDP = "udp"
    TCP = "tcp"


_REMOTE, _STATE = 2, 3
_CONNECTED = {Transport.UDP: ("01",), Transport.TCP: ("01", "02", "03")}
"""States as in Linux's tcp_states.h: established, and for TCP on the way to it."""


def senders(transport: Transport, port: int, lists: Path = LISTS) -> int:
    """How many sockets are connected to a port of anybody; raises OSError without a list."""
    return sum(
        _port(words[_REMOTE]) == port and words[_STATE] in _CONNECTED[transport]
        for name in (transport.value, f"{transport.value}6")
        for words in _rows(lists / name)
    )


def _rows(path: Path) -> Iterator[list[str]]:
    """Rows of a list; IPv6 may be switched off, and then has none."""
    if path.name.endswith("6") and not path.exists():
        return
    with path.open() as lines:
        next(lines, None)
        yield from (line.split() for line in lines)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
