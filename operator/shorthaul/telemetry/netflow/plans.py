"""A template compiled once: which bytes of a record go into which registers.

A step skips the bytes that nobody wants, then reads one field; fields of variable length are walked
in the same way. What the template cannot tell (no addresses, no byte count) is known here, before
any record is read.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from shorthaul.telemetry.netflow import elements
from shorthaul.telemetry.netflow.elements import Clock, Counter
from shorthaul.telemetry.netflow.reasons import Reason
from shorthaul.telemetry.netflow.records import Flag
from shorthaul.telemetry.netflow.registers import IPV4, IPV6, LAYER2, WIDTHS, Register, bits

VARIABLE = -1
UNWANTED = 0xFFFF
STEP = struct.Struct("=IHH")
"""Bytes to skip, width (0xFFFF: told by the record), register or UNWANTED."""
PACKED = struct.Struct("=QIIIBBBBB7x")
"""A plan as the compiled reader sees it; the steps follow."""


class Field(NamedTuple):
    """One field of a template: None for an element that we cannot know, and its width."""

    element: int | None
    width: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How records of one template are read.

    `least` is the shortest that a record can be, in bytes; `variable` says that it may be longer.
    `has` has bit 1 << register for each that is filled. `refusal` is why no record of this template
    can be a flow.
    """

    steps: bytes
    tail: int
    least: int
    variable: bool
    has: int
    counter: Counter
    start: Clock
    end: Clock
    flags: int
    refusal: Reason | None
    packed: bytes

    def fills(self, *registers: int) -> bool:
        """Whether each of some registers is filled."""
        return all(self.has >> register & 1 for register in registers)


def compiled(fields: Sequence[Field], version: int) -> Plan:
    """The plan of a template for data."""
    found = _first_of_each(fields)
    wanted = {
        position: register
        for register, numbers in elements.FIELDS
        if (position := _position(found, fields, numbers, register)) is not None
    }
    flags, counter = _count(found, fields, version, wanted)
    start = _clock(found, fields, elements.STARTS, Register.START, wanted)
    end = _clock(found, fields, elements.ENDS, Register.END, wanted)
    if start is end is Clock.NONE:
        flags |= Flag.NO_TIME
    has = bits(*wanted.values())
    if has >> Register.EVENT & 1:
        flags |= Flag.EVENT
        if has >> Register.CONNECTION & 1 and _is_connection(found, counter, wanted):
            counter = Counter.CONNECTION
    plan = _plan(fields, wanted, has, counter, (start, end), flags)
    if plan.refusal is Reason.RECORD_NO_BYTES and not elements.EVENTS.isdisjoint(found):
        return replace(plan, refusal=Reason.RECORD_EVENT)
    return plan


def compiled_options(fields: Sequence[Field], scopes: int, version: int) -> Plan:
    """The plan of an options template; v9 numbers its scopes otherwise, so these are skipped."""
    if version == 9:
        fields = [Field(None, field.width) for field in fields[:scopes]] + list(fields[scopes:])
    found = _first_of_each(fields)
    wanted = {
        position: register
        for register, numbers in elements.FIELDS
        if Register.SAMPLER <= register <= Register.POPULATION or register is Register.BOOT
        if (position := _position(found, fields, numbers, register)) is not None
    }
    has = bits(*wanted.values())
    return _plan(fields, wanted, has, Counter.DELTA, (Clock.NONE, Clock.NONE), Flag(0))


def _first_of_each(fields: Sequence[Field]) -> dict[int, int]:
    """The first position of each element; elements that come twice count once."""
    found: dict[int, int] = {}
    for position, field in enumerate(fields):
        if field.element is not None and field.width:
            found.setdefault(field.element, position)
    return found


def _position(
    found: dict[int, int], fields: Sequence[Field], numbers: Sequence[int], register: int
) -> int | None:
    """Where the best element for a register is, if its width will do."""
    for number in numbers:
        position = found.get(number)
        if position is not None and _fits(fields[position].width, register):
            return position
    return None


def _fits(width: int, register: int) -> bool:
    if width == VARIABLE or register == Register.INTERFACE_NAME:
        return True
    return width == WIDTHS[register] if register in WIDTHS else width <= 8


def _count(
    found: dict[int, int], fields: Sequence[Field], version: int, wanted: dict[int, int]
) -> tuple[Flag, Counter]:
    """Chooses the counters; the first pair that has bytes in either direction."""
    registers = (
        Register.BYTES,
        Register.PACKETS,
        Register.REVERSE_BYTES,
        Register.REVERSE_PACKETS,
    )
    for *numbers, counter, layer2 in elements.COUNTERS:
        if numbers[0] not in found and numbers[2] not in found:
            continue
        _want(found, fields, zip(registers, numbers, strict=True), wanted)
        if numbers[0] == 1:
            _want_out(found, fields, version, wanted)
        flags = Flag.LAYER2_BYTES if layer2 else Flag(0)
        return flags | (Flag.TOTAL if counter is Counter.TOTAL else Flag(0)), counter
    return Flag(0), Counter.DELTA


def _want_out(
    found: dict[int, int], fields: Sequence[Field], version: int, wanted: dict[int, int]
) -> None:
    """Takes v9's "out" counters beside the "in" ones: backwards where nothing says a direction."""
    if Register.REVERSE_BYTES in wanted.values():
        return
    backwards = version == 9 and 61 not in found
    bytes_to = Register.REVERSE_BYTES if backwards else Register.OUT_BYTES
    packets_to = Register.REVERSE_PACKETS if backwards else Register.OUT_PACKETS
    pairs = ((bytes_to, elements.OUT_BYTES), (packets_to, elements.OUT_PACKETS))
    _want(found, fields, pairs, wanted)


def _want(
    found: dict[int, int],
    fields: Sequence[Field],
    pairs: "Sequence[tuple[int, int]] | zip[tuple[int, int]]",
    wanted: dict[int, int],
) -> None:
    for register, number in pairs:
        position = _position(found, fields, (number,), register)
        if position is not None:
            wanted[position] = register


def _is_connection(found: dict[int, int], counter: Counter, wanted: dict[int, int]) -> bool:
    """Whether the counters are the ASA's 231 and 232."""
    taken = {found.get(231), found.get(232)} - {None}
    return counter is Counter.DELTA and any(
        wanted.get(position) in (Register.BYTES, Register.REVERSE_BYTES)
        for position in taken
        if position is not None
    )


def _clock(
    found: dict[int, int],
    fields: Sequence[Field],
    choices: Sequence[tuple[int, Clock]],
    register: int,
    wanted: dict[int, int],
) -> Clock:
    for number, clock in choices:
        position = _position(found, fields, (number,), register)
        if position is not None and position not in wanted:
            wanted[position] = register
            return clock
    return Clock.NONE


def _plan(
    fields: Sequence[Field],
    wanted: dict[int, int],
    has: int,
    counter: Counter,
    clocks: tuple[Clock, Clock],
    flags: Flag,
) -> Plan:
    steps, skip, least = bytearray(), 0, 0
    for position, field in enumerate(fields):
        register = wanted.get(position)
        variable = field.width == VARIABLE
        least += 1 if variable else field.width
        if register is None and not variable:
            skip += field.width
            continue
        steps += STEP.pack(skip, field.width & 0xFFFF, UNWANTED if register is None else register)
        skip = 0
    variable = any(field.width == VARIABLE for field in fields)
    packed = PACKED.pack(
        has,
        len(steps) // STEP.size,
        skip,
        least,
        variable,
        counter is Counter.TOTAL,
        *clocks,
        flags,
    )
    return Plan(
        steps=bytes(steps),
        tail=skip,
        least=least,
        variable=variable,
        has=has,
        counter=counter,
        start=clocks[0],
        end=clocks[1],
        flags=int(flags),
        refusal=_refusal(has),
        packed=packed + steps,
    )


def _refusal(has: int) -> Reason | None:
    if not has & bits(Register.BYTES, Register.REVERSE_BYTES):
        return Reason.RECORD_NO_BYTES
    if not any(has & ends == ends for ends in (IPV4, IPV6, LAYER2)):
        return Reason.RECORD_NO_ADDRESSES
    return None
