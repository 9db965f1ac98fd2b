"""Picks rows out of all that were measured, and groups those that differ by seed only."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

Row = Mapping[str, Any]


def done(rows: Iterable[Row], **wanted: Any) -> list[Row]:
    """The rows with a result whose fields have these values."""
    return [
        row
        for row in rows
        if row["status"] == "done" and all(row.get(name) == value for name, value in wanted.items())
    ]


def groups(rows: Iterable[Row]) -> list[list[Row]]:
    """Rows that differ in world seed and trial only, together."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        options = tuple(sorted(row["options"].items()))
        key = (row["world"], row["routing"], row["method"], options)
        found.setdefault(key, []).append(row)
    return list(found.values())


def mean(rows: Sequence[Row], name: str) -> float:
    """The mean of a figure."""
    return fmean(row[name] for row in rows)


def best(rows: Iterable[Row], name: str) -> Row | None:
    """The row with the smallest figure."""
    return min(rows, key=lambda row: float(row[name]), default=None)


def bound_of(rows: Iterable[Row], row: Row) -> float | None:
    """The certified bound of the world that a row is about, in the unit of its cost."""
    same = {name: row[name] for name in ("world", "routing", "seed")}
    found = [one["bound"] for one in done(rows, method="bound", **same)]
    return max(found, default=None)


def certified(rows: Iterable[Row], row: Row) -> float | None:
    """The share of the largest possible gain that a row has for certain."""
    bound = bound_of(rows, row)
    if bound is None or row["start_cost"] <= bound:
        return None
    share: float = (row["start_cost"] - row["cost"]) / (row["start_cost"] - bound)
    return share
