"""Draws the messages that the decoders are measured on: seeded, in the shapes of real exporters."""

import random
import struct
from collections.abc import Iterator
from typing import NamedTuple

SECONDS = 1_700_000_000
UPTIME = 3_600_000
_Spec = tuple[tuple[int, int], ...]


class Shape(NamedTuple):
    """One kind of export: its version, template and records per message."""

    version: int
    spec: _Spec
    records: int
    text: bytes = b""


ENDS: _Spec = ((8, 4), (12, 4), (7, 2), (11, 2))
SHAPES = {
    "v5": Shape(5, (), 30),
    "v9": Shape(
        9,
        (
            *ENDS,
            (21, 4),
            (22, 4),
            (1, 4),
            (2, 4),
            (10, 4),
            (14, 4),
            (4, 1),
            (6, 1),
            (60, 1),
            (5, 1),
        ),
        32,
    ),
    "ipfix": Shape(
        10,
        (*ENDS, (152, 8), (153, 8), (1, 8), (2, 8), (10, 4), (14, 4), (4, 1), (6, 1), (5, 1)),
        24,
    ),
    "ipfix-single": Shape(
        10,
        (
            *((256, 2), (61, 1), (56, 6), (80, 6), *ENDS, (4, 1)),
            *((1, 8), (2, 8), (152, 8), (153, 8), (82, 0xFFFF)),
        ),
        1,
        b"\x07eth0.12",
    ),
}
"""`v9` is softflowd's template; `ipfix-single` an eBPF agent's: one record, with a text."""


def messages(name: str, number: int, seed: int) -> list[bytes]:
    """Some messages of a shape, with about `number` records; the template comes every 50."""
    shape, chance = SHAPES[name], random.Random(seed)
    return list(_messages(shape, -(-number // shape.records), chance))


def _messages(shape: Shape, number: int, chance: random.Random) -> Iterator[bytes]:
    for at in range(number):
        if shape.version == 5:
            content = b"".join(_record5(chance) for _ in range(shape.records))
            head = struct.pack(
                ">HHIIIIBBH", 5, shape.records, UPTIME, SECONDS, 0, at * shape.records, 0, 0, 0
            )
            yield head + content
            continue
        rows = b"".join(_record(shape, chance) for _ in range(shape.records))
        content = _set(256, rows)
        if at % 50 == 0:
            fields = b"".join(struct.pack(">HH", *field) for field in shape.spec)
            template = struct.pack(">HH", 256, len(shape.spec)) + fields
            content = _set(0 if shape.version == 9 else 2, template) + content
        yield _head(shape, at, content) + content


def _head(shape: Shape, at: int, content: bytes) -> bytes:
    if shape.version == 9:
        count = shape.records + (at % 50 == 0)
        return struct.pack(">HHIIII", 9, count, UPTIME, SECONDS, at, 0)
    return struct.pack(">HHIII", 10, 16 + len(content), SECONDS, at * shape.records, 0)


def _set(number: int, content: bytes) -> bytes:
    return struct.pack(">HH", number, 4 + len(content)) + content


def _record(shape: Shape, chance: random.Random) -> bytes:
    small = {1: 20_000, 2: 20, 4: 18, 10: 40, 14: 40, 61: 2, 60: 5, 6: 32, 5: 8}
    made = b""
    for element, width in shape.spec:
        if width == 0xFFFF:
            made += shape.text
        elif element in (152, 153):
            made += struct.pack(">Q", SECONDS * 1_000 - chance.randrange(60_000))
        elif element in (21, 22):
            made += struct.pack(">I", UPTIME - chance.randrange(60_000))
        else:
            most = small.get(element, 1 << 8 * width)
            made += chance.randrange(1, most).to_bytes(width, "big")
    return made


def _record5(chance: random.Random) -> bytes:
    return struct.pack(
        ">IIIHHIIIIHHBBBBHHBBH",
        *(chance.getrandbits(32) | 1 for _ in range(2)),
        *(0, chance.randrange(40), chance.randrange(40)),
        *(chance.randrange(1, 20), chance.randrange(1, 20_000)),
        *(UPTIME - chance.randrange(60_000), UPTIME - chance.randrange(500)),
        *(chance.randrange(1 << 16), chance.randrange(1 << 16)),
        *(0, 0x18, 6, 0, 0, 0, 24, 24, 0),
    )
