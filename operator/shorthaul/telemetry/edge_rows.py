"""Writes an edge list, as `edge_lists` reads it."""

import csv
import io
from collections.abc import Iterable

import msgspec

from shorthaul.telemetry.edge_lists import COLUMNS
from shorthaul.traffic.graphs import Vertex, kind_of
from shorthaul.units import Unit

Rate = tuple[Vertex, Vertex, float]


def csv_text(rates: Iterable[Rate], unit: Unit) -> str:
    """A header and a row for each edge."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_fields(rate, unit) for rate in rates)
    return text.getvalue()


def json_text(rates: Iterable[Rate], unit: Unit) -> str:
    """A JSON object a line."""
    lines = (dict(zip(COLUMNS, _fields(rate, unit), strict=True)) for rate in rates)
    return "".join(msgspec.json.encode(line).decode() + "\n" for line in lines)


def _fields(rate: Rate, unit: Unit) -> tuple[str | float, ...]:
    return (*_names(rate[0]), *_names(rate[1]), rate[2], str(unit))


def _names(vertex: Vertex) -> tuple[str, str, str]:
    return vertex.namespace, kind_of(vertex), vertex.name
