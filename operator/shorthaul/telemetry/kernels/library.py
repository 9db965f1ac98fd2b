"""The one door to the compiled reader of lines: loads the library, and holds its tables.

Compiled when the package is built (operator/hatch_build.py); where there was no compiler, lines are
read one by one (`hubble_blocks`).
"""

import ctypes
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from shorthaul import compiled_libraries

PACKAGE, NAME = "shorthaul.telemetry.kernels", "_lines.so"
FUNCTIONS = ("lines_layout", "lines_room", "read_lines")
ROW = np.dtype(
    [
        ("time", "=i8"),
        ("count", "=i8"),
        *((name, "=i4") for name in ("kind", "begin", "length", "key", "key_length", "spare")),
    ]
)
"""A line: nanoseconds, events, its kind (-1: none), where it is, and where its uuid is."""
KIND = np.dtype([("source", "=i4"), ("destination", "=i4"), ("manner", "=i4"), ("node", "=i4")])
_KIND = np.dtype([("parts", KIND), ("row", "=i4")])
_ROOMS = ("parts", "kinds", "texts", "arena", "store", "line")
_PART_BYTES, _TEXT_BYTES = 16, 24
Parts = tuple[int, int, int, int]
"""Numbers of the two ends, the manner and the node; the same number, the same of it."""
ROWS = 1 << 13
"""Lines of one call."""


class _Tables(ctypes.Structure):
    _fields_ = (
        ("seed", ctypes.c_uint64),
        *(
            (f"{name}_used", ctypes.c_int64)
            for name in ("parts", "kinds", "texts", "arena", "store")
        ),
        ("next", ctypes.c_int64),
        *(
            (name, ctypes.c_void_p)
            for name in (
                *("part_slots", "kind_slots", "text_slots"),
                *("parts", "kinds", "texts", "arena", "store"),
            )
        ),
    )


def available() -> bool:
    """Whether the library was built."""
    return compiled_libraries.is_built(PACKAGE, NAME)


@cache
def _loaded() -> ctypes.CDLL:
    found = compiled_libraries.load(PACKAGE, NAME, FUNCTIONS, _fits)
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    found.lines_room.argtypes = [number]
    found.read_lines.argtypes = [pointer, ctypes.c_char_p, number, number, pointer, number]
    return found


def _fits(found: ctypes.CDLL) -> bool:
    sizes = ROW.itemsize, _PART_BYTES, _TEXT_BYTES, _KIND.itemsize, ctypes.sizeof(_Tables)
    row, part, text, kind, tables = sizes
    made = row << 32 | part << 24 | text << 16 | kind << 8 | tables
    return bool(found.lines_layout() == made)


def longest_line_bytes() -> int:
    """What a line may have at most to get a kind."""
    return int(_loaded().lines_room(_ROOMS.index("line")))


class CompiledLines:
    """Kinds that were seen since the start, or since they were forgotten."""

    def __init__(self, seed: int) -> None:
        """Load the library; `seed` should be hard to guess, since who sends lines names things."""
        self._library = _loaded()
        self._seed = seed & 0xFFFF_FFFF_FFFF_FFFF
        self.rows = np.zeros(ROWS, ROW)
        self.forget()

    def forget(self) -> None:
        """Begins with no kind."""
        room = {name: self._library.lines_room(at) for at, name in enumerate(_ROOMS)}
        # Pages of what is not used yet are not there: this is no memory until it is filled.
        self._kinds = np.empty(room["kinds"], _KIND)
        self._buffers: dict[str, npt.NDArray[Any]] = {
            **{
                f"{name}_slots": np.zeros(2 * room[f"{name}s"], np.int32)
                for name in ("part", "kind", "text")
            },
            "parts": np.empty(room["parts"] * _PART_BYTES, np.uint8),
            "kinds": self._kinds,
            "texts": np.empty(room["texts"] * _TEXT_BYTES, np.uint8),
            "arena": np.empty(room["arena"], np.uint8),
            "store": np.empty(room["store"], np.uint8),
        }
        at = {name: buffer.ctypes.data for name, buffer in self._buffers.items()}
        self._tables = _Tables(seed=self._seed, **at)

    @property
    def most_parts(self) -> int:
        """How many parts there may be."""
        return len(self._buffers["part_slots"]) // 2

    @property
    def most_kinds(self) -> int:
        """How many kinds there may be."""
        return len(self._kinds)

    @property
    def known(self) -> int:
        """How many kinds there are: they are numbered in the order in which they came."""
        return int(self._tables.kinds_used)

    def new_kinds(self, before: int) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int32]]:
        """Parts of the kinds from a number on, and in which rows of the last call they came."""
        kinds = self._kinds[before : self.known]
        return kinds["parts"], kinds["row"]

    def read(self, block: bytes, begin: int, end: int) -> tuple[int, int]:
        """Reads whole lines into `rows`: how many, and where it stopped.

        Where it stops at once there is no more room for kinds, and they have to be forgotten.
        """
        number = self._library.read_lines(
            ctypes.byref(self._tables), block, begin, end, self.rows.ctypes.data, ROWS
        )
        return int(number), int(self._tables.next)
