"""The one door to the compiled receiver: many datagrams of a socket in one call.

Compiled when the package is built (operator/hatch_build.py); where it was not, or the system has no
such call, datagrams are read one by one (`sockets`).
"""

import ctypes
from collections.abc import Callable
from functools import cache

from shorthaul import compiled_libraries
from shorthaul.telemetry.netflow.arrivals import Arrivals
from shorthaul.telemetry.netflow.kernels.library import address_of

PACKAGE, NAME = "shorthaul.telemetry.collectors.kernels", "_datagrams.so"
MOST = 128
"""Datagrams of one call."""
CANNOT = -1


def available() -> bool:
    """Whether the library was built."""
    return compiled_libraries.is_built(PACKAGE, NAME)


@cache
def _loaded() -> ctypes.CDLL:
    found = compiled_libraries.load(PACKAGE, NAME, ("receive_datagrams",), lambda _: True)
    number, pointer = ctypes.c_int64, ctypes.c_void_p
    found.receive_datagrams.argtypes = [number, pointer, number, number, pointer, pointer]
    return found


def receiver(arrivals: Arrivals, slot: int, most: int) -> Callable[[int], int]:
    """Reads a socket, told by its number, into slots; how many came, or CANNOT.

    The buffers of `arrivals` have to keep their size for as long as that is called.
    """
    receive = _loaded().receive_datagrams
    room, keys, lengths = (
        address_of(arrivals.data),
        address_of(arrivals.keys),
        address_of(arrivals.lengths),
    )

    def read(socket: int) -> int:
        return int(receive(socket, room, slot, min(most, MOST), lengths, keys))

    return read
