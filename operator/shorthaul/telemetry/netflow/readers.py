"""Reads the records of one data set, in plain Python: the twin of the compiled reader.

Whatever the bytes are, nothing is read past the set's end, and every record is counted once: as a
flow or by the reason why it is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from shorthaul.telemetry.netflow.assembling import assemble, unwanted
from shorthaul.telemetry.netflow.connections import Connections
from shorthaul.telemetry.netflow.contexts import Context
from shorthaul.telemetry.netflow.elements import Clock
from shorthaul.telemetry.netflow.plans import STEP, UNWANTED, Plan
from shorthaul.telemetry.netflow.reasons import Reason
from shorthaul.telemetry.netflow.records import Batch
from shorthaul.telemetry.netflow.registers import NUMBER, PAIRS, Register
from shorthaul.telemetry.netflow.works import Work

LONG = 0xFFFF
NAME_BYTES = 64
"""A longer name is known by its beginning."""
COUNTS = (
    Register.BYTES,
    Register.PACKETS,
    Register.REVERSE_BYTES,
    Register.REVERSE_PACKETS,
)
_Step = tuple[int, int, int, bool]


@dataclass(slots=True)
class SetOutcome:
    """What became of a set's records; `whole` is False where their number stays unknown."""

    records: int = 0
    flows: int = 0
    whole: bool = True
    refused: dict[Reason, int] = field(default_factory=dict)

    def refuse(self, reason: Reason, number: int = 1) -> None:
        """Counts records that are none or no traffic."""
        self.refused[reason] = self.refused.get(reason, 0) + number


class Reader(Protocol):
    """What reads a set."""

    def __call__(
        self, plan: Plan, data: bytes, context: Context, batch: Batch, most: int
    ) -> SetOutcome:
        """Reads records until the set ends, or `most` of them."""
        ...


def read_set(plan: Plan, data: bytes, context: Context, batch: Batch, most: int) -> SetOutcome:
    """Reads the records of a set into a batch that has room for two from each."""
    outcome = SetOutcome()
    if plan.refusal is not None:
        count_only(plan, data, most, outcome, plan.refusal)
        return outcome
    before = batch.length
    for registers in each_record(plan, data, most, outcome):
        reason = assemble(registers, plan, context, batch)
        if reason is not None:
            outcome.refuse(reason)
    outcome.flows = batch.length - before
    return outcome


def read_connections(plan: Plan, data: bytes, work: Work, connections: Connections) -> SetOutcome:
    """Reads a set of a firewall that counts connections in updates and again at their end."""
    context, batch, most = work.context, work.batch, work.records_left
    if not work.exporter.sender.stream:
        most = min(most, work.connections_left)
    outcome, before = SetOutcome(), batch.length
    for registers in each_record(plan, data, most, outcome):
        reason = unwanted(registers, plan)
        if reason is None and any(registers[at] for at in COUNTS):
            began = 0 if plan.start is Clock.MICROSECONDS_BEFORE else registers[Register.START]
            key = context.exporter, context.domain, registers[Register.CONNECTION], began
            counted = (registers[at] for at in COUNTS)
            left = connections.remainder(key, registers[Register.EVENT], tuple(counted))
            for at, number in zip(COUNTS, left, strict=True):
                registers[at] = number
            if not any(left):
                reason = Reason.RECORD_COUNTED
        reason = reason or assemble(registers, plan, context, batch)
        if reason is not None:
            outcome.refuse(reason)
    outcome.flows = batch.length - before
    work.connections_left = max(0, work.connections_left - outcome.records)
    return outcome


def count_only(plan: Plan, data: bytes, most: int, outcome: SetOutcome, reason: Reason) -> None:
    """Counts the records of a set whose template cannot be traffic."""
    if plan.variable:
        for _ in each_record(plan, data, most, outcome):
            outcome.refuse(reason)
        return
    outcome.records = len(data) // plan.least
    if outcome.records:
        outcome.refuse(reason, outcome.records)


def each_record(plan: Plan, data: bytes, most: int, outcome: SetOutcome) -> Iterator[list[int]]:
    """The registers of each record; the same list every time."""
    steps, at, end = _steps(plan.steps), 0, len(data)
    registers = [0] * NUMBER
    while end - at >= plan.least:
        if outcome.records == most:
            _cut_at_limit(plan, end - at, outcome)
            return
        after = _read(steps, data, at, registers) + plan.tail
        if after > end:
            outcome.refuse(Reason.RECORD_CUT)
            outcome.records += 1
            outcome.whole = False
            return
        at = after
        outcome.records += 1
        yield registers


def _cut_at_limit(plan: Plan, left: int, outcome: SetOutcome) -> None:
    """Counts the records beyond the limit: exactly, where they are all of one length."""
    number = 1 if plan.variable else left // plan.least
    outcome.whole = not plan.variable
    outcome.records += number
    outcome.refuse(Reason.RECORD_MANY, number)


def _read(steps: tuple[_Step, ...], data: bytes, at: int, registers: list[int]) -> int:
    """Fills the registers from one record; where it ends, beyond the data when it is cut."""
    for skip, width, register, wide in steps:
        at += skip
        length = width
        if width == LONG:
            at, length = _length(data, at)
        field_bytes = data[at : at + length]
        at += length
        if register == UNWANTED:
            continue
        if at > len(data):
            return at
        if wide:
            value = int.from_bytes(field_bytes, "big") if length == 16 else 0
            registers[register], registers[register + 1] = value >> 64, value & 0xFFFFFFFFFFFFFFFF
        elif register == Register.INTERFACE_NAME:
            registers[register] = number_of(field_bytes[:NAME_BYTES])
        else:
            registers[register] = int.from_bytes(field_bytes, "big") if length <= 8 else 0
    return at


@lru_cache(maxsize=4096)
def number_of(name: bytes) -> int:
    """A number of 32 bits that stands for a name: FNV-1a, and 0 for none."""
    number = 0x811C9DC5 if name else 0
    for byte in name:
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    return number


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Where a field of variable length begins, and how long it is."""
    if at >= len(data):
        return len(data) + 1, 0
    if data[at] < 255:
        return at + 1, data[at]
    if at + 3 > len(data):
        return len(data) + 1, 0
    return at + 3, int.from_bytes(data[at + 1 : at + 3], "big")


@lru_cache(maxsize=1024)
def _steps(packed: bytes) -> tuple[_Step, ...]:
    return tuple(
        (skip, width, register, register != UNWANTED and register in PAIRS)
        for skip, width, register in STEP.iter_unpack(packed)
    )
