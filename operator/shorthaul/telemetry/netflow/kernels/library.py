"""The one door to the compiled reader: loads the library and hands it bytes.

Compiled when the package is built (operator/hatch_build.py); where there was no compiler, the plain
reader does the same more slowly (`choices`).
"""

import ctypes
import struct
from array import array
from functools import cache

from shorthaul import compiled_libraries
from shorthaul.telemetry.netflow import contexts, plans, registers
from shorthaul.telemetry.netflow.contexts import Context
from shorthaul.telemetry.netflow.limits import REMEMBERED_MESSAGES
from shorthaul.telemetry.netflow.plans import Plan
from shorthaul.telemetry.netflow.readers import SetOutcome, count_only
from shorthaul.telemetry.netflow.reasons import Reason
from shorthaul.telemetry.netflow.records import LAYOUT, Batch

PACKAGE, NAME = "shorthaul.telemetry.netflow.kernels", "_records.so"
HANDS = ("enter_lane", "leave_lane")
FUNCTIONS = ("layout", "read_records", "repeated", "read_messages", "lanes_layout", *HANDS)
COUNTED = (
    Reason.RECORD_CUT,
    Reason.RECORD_MANY,
    Reason.RECORD_NOTHING,
    Reason.RECORD_NO_ADDRESSES,
    Reason.RECORD_DENIED,
    Reason.RECORD_ALERT,
    Reason.RECORD_DROPPED,
    Reason.RECORD_RUNNING,
)
COUNTS = 2 + len(COUNTED)
MARKS = struct.Struct(f"={REMEMBERED_MESSAGES}Q2I")
"""The marks of a domain: the last of its messages, their number, and whose turn is next."""
SIZES = LAYOUT.size, plans.PACKED.size, contexts.PACKED.size, registers.NUMBER, COUNTS


def available() -> bool:
    """Whether the library was built."""
    return compiled_libraries.is_built(PACKAGE, NAME)


@cache
def _loaded() -> ctypes.CDLL:
    found = compiled_libraries.load(PACKAGE, NAME, FUNCTIONS, _fits)
    pointer, text, number64 = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64
    found.read_records.argtypes = [*(text,) * 3, *(number64,) * 2, *(pointer,) * 2]
    found.repeated.argtypes = [pointer, text, number64]
    for function in (getattr(found, name) for name in HANDS):
        function.argtypes, function.restype = [pointer, number64], None
    found.read_messages.argtypes = [*(pointer,) * 2, *(number64,) * 3, pointer, number64, pointer]
    return found


def _fits(found: ctypes.CDLL) -> bool:
    record, plan, context, numbers, counts = SIZES
    made = record << 32 | plan << 24 | context << 16 | numbers << 8 | counts
    return bool(found.layout() == made)


def lanes_library(*sizes: int) -> ctypes.CDLL:
    """The library, whose lanes, table and answer have to have these sizes."""
    found = _loaded()
    lane, table, told = sizes
    if found.lanes_layout() != lane << 32 | MARKS.size << 16 | table << 8 | told & 0xFF:
        raise compiled_libraries.other_version(NAME)
    return found


def address_of(buffer: "bytearray | array[int]") -> int:
    """Where a buffer is; it must live for as long as that is used, and keep its size."""
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


def address_of_bytes(found: bytes) -> int:
    """Where some bytes are; they must live for as long as that is used."""
    return ctypes.cast(ctypes.c_char_p(found), ctypes.c_void_p).value or 0


class CompiledMarks:
    """Marks that both sides know; the buffer never moves."""

    __slots__ = ("_repeated", "address", "buffer")

    def __init__(self) -> None:
        self._repeated = _loaded().repeated
        self.buffer = bytearray(MARKS.size)
        self.address = address_of(self.buffer)

    def repeated(self, data: bytes) -> bool:
        """Whether this very message came a short while ago; if not, it is remembered."""
        return bool(self._repeated(self.address, data, len(data)))


class CompiledReader:
    """Reads sets with the library; not for two threads at once."""

    def __init__(self) -> None:
        self._read = _loaded().read_records
        self._counts = (ctypes.c_int64 * COUNTS)()
        self._batch: Batch | None = None
        self._base = 0
        self._context: Context | None = None
        self._packed = b""

    def __call__(
        self, plan: Plan, data: bytes, context: Context, batch: Batch, most: int
    ) -> SetOutcome:
        """Reads the records of a set into a batch that has room for two from each."""
        outcome = SetOutcome()
        if plan.refusal is not None:
            count_only(plan, data, most, outcome, plan.refusal)
            return outcome
        if batch is not self._batch:
            self._batch = batch
            self._base = address_of(batch.buffer)
        if context is not self._context:
            self._context, self._packed = context, context.packed
        at = self._base + batch.length * LAYOUT.size
        counts = self._counts
        told = self._read(plan.packed, self._packed, data, len(data), most, at, counts)
        flows = told if told >= 0 else -1 - told
        batch.length += flows
        outcome.flows, outcome.records = flows, counts[0]
        if told < 0:
            partial, *refused = counts[1:]
            outcome.whole = not partial
            pairs = zip(COUNTED, refused, strict=True)
            outcome.refused = {reason: number for reason, number in pairs if number}
        return outcome
