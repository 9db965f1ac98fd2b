"""The one door to the compiled receiver: many datagrams of a socket in one call.

Compiled when the package is built (operator/hatch_build.py); where it was not, or the system has no
such call, datagrams are read one by one (`sockets`).
"""

import ctypes
from collections.abc import Callable
from functools import cache
from importlib import resources

from shorthaul.errors import BadInput
from shorthaul.telemetry.netflow.arrivals import Arrivals
from shorthaul.telemetry.netflow.kernels.library import address_of

NAME = "_datagrams.so"
MOST = 128
"""Datagrams of one call."""
CANNOT = -1


def available() -> bool:
    """Whether the library was built."""
    return bool((resources.files("shorthaul.telemetry.collectors.kernels") / NAME).is_file())


@cache
def _loaded() -> ctypes.CDLL:
    try:
        found = ctypes.CDLL(str(resources.files("shorthaul.telemetry.collectors.kernels") / NAME))
        found.receive_datagrams.restype = ctypes.c_int64
    except (OSError, AttributeError) as error:
        raise BadInput(f"cannot load {NAME}: {error}; install shorthaul again") from error
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
