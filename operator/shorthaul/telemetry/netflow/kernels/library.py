"""The one door to the compiled reader: loads the library and hands it bytes.

Compiled when the package is built (operator/hatch_build.py); where there was no compiler, the plain
reader does the same more slowly (`choices`).
"""

import ctypes
from functools import cache
from importlib import resources

from shorthaul.errors import BadInput
from shorthaul.telemetry.netflow import contexts, plans, registers
from shorthaul.telemetry.netflow.contexts import Context
from shorthaul.telemetry.netflow.plans import Plan
from shorthaul.telemetry.netflow.readers import SetOutcome, count_only
from shorthaul.telemetry.netflow.reasons import Reason
from shorthaul.telemetry.netflow.records import LAYOUT, Batch

NAME = "_records.so"
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
SIZES = LAYOUT.size, plans.PACKED.size, contexts.PACKED.size, registers.NUMBER, COUNTS


def available() -> bool:
    """Whether the library was built."""
    return bool((resources.files("shorthaul.telemetry.netflow.kernels") / NAME).is_file())


@cache
def _loaded() -> ctypes.CDLL:
    try:
        found = ctypes.CDLL(str(resources.files("shorthaul.telemetry.netflow.kernels") / NAME))
        found.layout.restype = found.read_records.restype = ctypes.c_int64
    except (OSError, AttributeError) as error:
        raise BadInput(f"cannot load {NAME}: {error}; install shorthaul again") from error
    record, plan, context, number, counts = SIZES
    if found.layout() != record << 32 | plan << 24 | context << 16 | number << 8 | counts:
        raise BadInput(f"{NAME} is of another version than this package; install it again")
    found.read_records.argtypes = [
        *(ctypes.c_char_p,) * 3,
        *(ctypes.c_int64,) * 2,
        *(ctypes.c_void_p,) * 2,
    ]
    return found


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
            self._base = ctypes.addressof(ctypes.c_char.from_buffer(batch.buffer))
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
