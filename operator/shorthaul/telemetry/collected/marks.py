"""Which records of a collector's window counted, as a note that the ledger keeps beside them.

A window never changes once it is closed, so one bit for each of its records tells a later process
what an earlier one decided when it knew more, or less: who was there then. A note that was made by
other rules, or of a window that was read in another length, is of other records and says nothing.
Pure.
"""

import zlib
from collections.abc import Sequence

from shorthaul.telemetry.netflow_lines import Rules

_HEADER = 8


def noted(marks: Sequence[bool], rules: Rules) -> bytes:
    """A note of which records counted."""
    return _header(len(marks), rules) + zlib.compress(_packed(marks), level=1)


def told(note: bytes, number: int, rules: Rules) -> tuple[bool, ...] | None:
    """What a note says of so many records; None if it is not of these."""
    if note[:_HEADER] != _header(number, rules):
        return None
    bits = zlib.decompress(note[_HEADER:])
    return tuple(bool(bits[at >> 3] >> (at & 7) & 1) for at in range(number))


def _header(number: int, rules: Rules) -> bytes:
    return number.to_bytes(4, "big") + zlib.crc32(repr(rules).encode()).to_bytes(4, "big")


def _packed(marks: Sequence[bool]) -> bytes:
    bits = bytearray((len(marks) + 7) // 8)
    for at, mark in enumerate(marks):
        bits[at >> 3] |= mark << (at & 7)
    return bytes(bits)
