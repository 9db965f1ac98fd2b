"""Template records as they come: cut out of their set, and checked before anything is kept.

Bytes only: what the fields mean is compiled when the first data comes (`plans`), so a flood of
templates costs what it weighs and no more.
"""

from collections.abc import Iterator
from typing import NamedTuple

from shorthaul.telemetry.netflow.elements import REVERSE, REVERSE_ENTERPRISE
from shorthaul.telemetry.netflow.limits import FIELDS_PER_TEMPLATE
from shorthaul.telemetry.netflow.plans import VARIABLE, Field
from shorthaul.telemetry.netflow.reasons import Reason

LEAST_ID = 256
ENTERPRISE = 0x8000
IPFIX = 10
IPFIX_TEMPLATES = (2, 3)


class Definition(NamedTuple):
    """One template record; `size` is its number of fields, none means that it is withdrawn."""

    number: int
    fields: bytes
    size: int
    scopes: int
    options: bool


def definitions(data: bytes, version: int, options: bool) -> Iterator[Definition | Reason]:
    """The template records of one set, up to the first that cannot be understood."""
    at = 0
    while len(data) - at >= 4:
        found = _next(data, at, version, options)
        if found is None:
            return
        if isinstance(found, Reason):
            yield found
            return
        definition, at = found
        yield definition


def is_whole(definition: Definition, version: int) -> bool:
    """Whether a definition that did not come in a message could have."""
    blank = definition._replace(fields=b"")
    found = _cut_out(definition.fields, 0, blank, version)
    scoped = 0 if not definition.options else definition.size
    return found == (definition, len(definition.fields)) and definition.scopes <= scoped


def fields_of(definition: Definition, version: int) -> list[Field]:
    """What the fields are; None for elements of enterprises that we do not know."""
    data, at, found = definition.fields, 0, []
    while at < len(data):
        element: int | None = int.from_bytes(data[at : at + 2], "big")
        width = int.from_bytes(data[at + 2 : at + 4], "big")
        at += 4
        if version == IPFIX:
            width = VARIABLE if width == 0xFFFF else width
            if element is not None and element & ENTERPRISE:
                enterprise = int.from_bytes(data[at : at + 4], "big")
                reverse = enterprise == REVERSE_ENTERPRISE
                element = (element & ~ENTERPRISE) + REVERSE if reverse else None
                at += 4
        found.append(Field(element, width))
    return found


def _next(
    data: bytes, at: int, version: int, options: bool
) -> tuple[Definition, int] | Reason | None:
    """The record at a place and where the next one is; None for padding."""
    number = int.from_bytes(data[at : at + 2], "big")
    if (
        version == IPFIX
        and number < LEAST_ID
        and number in IPFIX_TEMPLATES
        and not any(data[at + 2 : at + 4])
    ):
        return Definition(number, b"", 0, 0, options), at + 4
    if number < LEAST_ID:
        return Reason.TEMPLATE_ID if any(data[at:]) else None
    if version != IPFIX and options:
        return _options9(data, at, number)
    count = int.from_bytes(data[at + 2 : at + 4], "big")
    at, scopes = at + 4, 0
    if options and count:
        scopes = int.from_bytes(data[at : at + 2], "big")
        at += 2
        if at > len(data):
            return Reason.TEMPLATE_CUT
        if not 0 < scopes <= count:
            return Reason.TEMPLATE_SCOPE
    if count == 0 and version != IPFIX:
        return Reason.TEMPLATE_EMPTY
    return _cut_out(data, at, Definition(number, b"", count, scopes, options), version)


def _options9(data: bytes, at: int, number: int) -> tuple[Definition, int] | Reason:
    """NetFlow v9 tells lengths in bytes where IPFIX tells numbers of fields."""
    if len(data) - at < 6:
        return Reason.TEMPLATE_CUT
    scope_bytes = int.from_bytes(data[at + 2 : at + 4], "big")
    option_bytes = int.from_bytes(data[at + 4 : at + 6], "big")
    if scope_bytes % 4 or option_bytes % 4:
        return Reason.TEMPLATE_SCOPE
    count = (scope_bytes + option_bytes) // 4
    if count == 0:
        return Reason.TEMPLATE_EMPTY
    return _cut_out(data, at + 6, Definition(number, b"", count, scope_bytes // 4, True), 9)


def _cut_out(
    data: bytes, at: int, definition: Definition, version: int
) -> tuple[Definition, int] | Reason:
    if definition.size > FIELDS_PER_TEMPLATE:
        return Reason.TEMPLATE_FIELDS
    end = at
    for _ in range(definition.size):
        if end >= len(data):
            return Reason.TEMPLATE_CUT
        end += 8 if version == IPFIX and data[end] & 0x80 else 4
    if end > len(data):
        return Reason.TEMPLATE_CUT
    return definition._replace(fields=bytes(data[at:end])), end
