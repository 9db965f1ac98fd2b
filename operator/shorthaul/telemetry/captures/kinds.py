"""What kind of flow file each is, by how it begins: names tell nothing."""

from collections.abc import Sequence
from enum import Enum
from pathlib import Path

import msgspec

from shorthaul.telemetry.captures.exports import head_of, holds_exports
from shorthaul.telemetry.line_files import find_files
from shorthaul.telemetry.netflow_lines import NUMBERS


class Kind(Enum):
    """Hubble's export; a capture of exporters' messages, or these alone; the collector's lines; a
    file with nothing in it."""

    HUBBLE = "hubble"
    CAPTURE = "capture"
    LINES = "lines"
    EMPTY = "empty"


class _Start(msgspec.Struct):
    source: str
    destination: str
    received_ms: int


_DECODE = msgspec.json.Decoder(_Start).decode


def by_kind(paths: Sequence[str]) -> dict[Kind, list[Path]]:
    """All files named, or in the folders named; raises BadInput where there is none."""
    found: dict[Kind, list[Path]] = {}
    for path in find_files(paths).paths:
        found.setdefault(_kind(path), []).append(path)
    return found


def _kind(path: Path) -> Kind:
    head = head_of(path)
    if not head and path.is_file() and path.stat().st_size == 0:
        return Kind.EMPTY
    if holds_exports(head):
        return Kind.CAPTURE
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
    if first.startswith(NUMBERS):
        return Kind.LINES
    try:
        _DECODE(first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Kind.HUBBLE
    return Kind.LINES
