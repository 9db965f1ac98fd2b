"""Edge lists: who talks to whom at which rate, in the user's own words, as CSV or JSON lines.

Unlike telemetry, which may be damaged here and there, every row was meant: the first row that
cannot be understood stops the reading with its file, line, value and what to do. A row goes from
client (`src`) to server (`dst`); rows of one pair are added up. A named place outside has the kind
Anchor and an empty namespace.
"""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from shorthaul.errors import BadInput
from shorthaul.traffic import anchors
from shorthaul.traffic.graphs import Vertex, vertex_of
from shorthaul.traffic.observations import DeclaredEdge
from shorthaul.units import Namespace, Unit

COLUMNS = (
    "src_namespace",
    "src_kind",
    "src_name",
    "dst_namespace",
    "dst_kind",
    "dst_name",
    "rate",
    "unit",
)
RATE_LIMIT = float(1 << 64)

Row = tuple[DeclaredEdge, Unit]


def looks_like_header(line: bytes) -> bool:
    """Whether a line is an edge list's CSV header, even an incomplete one."""
    names = {name.strip(' "\r\n') for name in line.decode("utf-8", "replace").lower().split(",")}
    return len(names & set(COLUMNS)) >= 3


def looks_like_row(fields: Mapping[str, object]) -> bool:
    """Whether a JSON object is an edge list's row, even an incomplete one."""
    return len(set(fields) & set(COLUMNS)) >= 3


def read_csv(path: str, lines: Iterable[tuple[int, bytes]]) -> Iterator[Row]:
    """The rows under a header; columns may come in any order, others are passed over."""
    numbers: list[int] = []
    reader = csv.reader(_text(path, lines, numbers), strict=True)
    columns: tuple[str, ...] | None = None
    try:
        for fields in reader:
            where = f"{path}:{numbers[-1]}"
            if columns is None:
                columns = _header(where, fields)
                continue
            if len(fields) != len(columns):
                raise BadInput(f"{where}: {len(fields)} fields under {len(columns)} columns")
            yield _row(where, dict(zip(columns, fields, strict=True)))
    except csv.Error as error:
        raise BadInput(f"{path}:{numbers[-1]}: no CSV ({error}); mend the line") from error


def read_json(path: str, lines: Iterable[tuple[int, bytes]]) -> Iterator[Row]:
    """One JSON object a line."""
    for number, line in lines:
        where = f"{path}:{number}"
        try:
            fields = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadInput(f"{where}: no JSON ({error}); mend the line") from error
        if not isinstance(fields, dict):
            raise BadInput(f"{where}: no JSON object; a row has the fields {', '.join(COLUMNS)}")
        _require_columns(where, fields)
        yield _row(where, fields)


def _text(path: str, lines: Iterable[tuple[int, bytes]], numbers: list[int]) -> Iterator[str]:
    for number, line in lines:
        numbers[:] = [number]
        try:
            yield line.decode("utf-8").rstrip("\r") + "\n"
        except UnicodeDecodeError:
            raise BadInput(f"{path}:{number}: no UTF-8 text; save the file as UTF-8") from None


def _header(where: str, fields: list[str]) -> tuple[str, ...]:
    columns = tuple(name.strip().lower() for name in fields)
    _require_columns(where, columns)
    doubled = next((name for name in COLUMNS if columns.count(name) > 1), None)
    if doubled is not None:
        raise BadInput(f"{where}: column {doubled} is there {columns.count(doubled)} times")
    return columns


def _require_columns(where: str, columns: Iterable[str]) -> None:
    missing = [name for name in COLUMNS if name not in set(columns)]
    if missing:
        raise BadInput(
            f"{where}: no column {', '.join(missing)}; an edge list has {', '.join(COLUMNS)}"
        )


def _row(where: str, fields: Mapping[str, object]) -> Row:
    unit = _unit(where, fields["unit"])
    rate = _rate(where, fields["rate"])
    ends = [_vertex(where, fields, side) for side in ("src", "dst")]
    return DeclaredEdge(ends[0], ends[1], rate, where), unit


def _unit(where: str, value: object) -> Unit:
    text = str(value).strip()
    if text not in set(Unit):
        raise BadInput(f"{where}: unit {text!r} is not known; use {' or '.join(Unit)}")
    return Unit(text)


def _rate(where: str, value: object) -> float:
    plain = not isinstance(value, str) or (value.isascii() and "_" not in value)
    try:
        rate = float(value) if plain and isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        rate = math.nan
    if isinstance(value, bool) or not 0 <= rate < RATE_LIMIT:
        raise BadInput(f"{where}: rate {value!r} is no number from 0 to below 2^64; mend the line")
    return rate


def _vertex(where: str, fields: Mapping[str, object], side: str) -> Vertex:
    kind, name = (_name(where, fields, f"{side}_{part}") for part in ("kind", "name"))
    if kind.lower() == anchors.KIND.lower() and fields[f"{side}_namespace"] in ("", None):
        return anchors.vertex(name)
    namespace = _name(where, fields, f"{side}_namespace")
    return vertex_of(Namespace(namespace), kind, name)


def _name(where: str, fields: Mapping[str, object], column: str) -> str:
    value = fields[column]
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise BadInput(f"{where}: {column} {value!r} is no name; every row names both its ends")
    return value.strip()
