"""Splits what is asked into queries whose answers are bounded.

How many pairs of ends each value of a label has is asked first; values are then put together into
queries up to the limit. A value that is above it alone is split by the next label. What cannot be
split any further is refused, never cut off silently.
"""

from collections.abc import Iterable, Mapping

from shorthaul.telemetry.prometheus.profiles import Matcher
from shorthaul.telemetry.prometheus.queries import Cell, among

LONGEST_CONDITION = 2_000  # letters, since the query travels in the address


def pack(
    sizes: Mapping[str, int], label: str, most_rows: int
) -> tuple[tuple[Matcher, ...], tuple[str, ...]]:
    """Conditions for each query, and the values that are too large alone."""
    conditions: list[Matcher] = []
    values: list[str] = []
    rows = letters = 0
    for value, size in sorted(_fitting(sizes, most_rows)):
        longer = letters + len(value) + 1
        if values and (rows + size > most_rows or longer > LONGEST_CONDITION):
            conditions.append(among(label, values))
            values, rows, longer = [], 0, len(value) + 1
        values.append(value)
        rows, letters = rows + size, longer
    if values:
        conditions.append(among(label, values))
    return tuple(conditions), tuple(sorted(v for v, size in sizes.items() if size > most_rows))


def cells(parent: Cell, conditions: Iterable[Matcher]) -> tuple[Cell, ...]:
    """The cell of a parent for each condition."""
    return tuple((*parent, condition) for condition in conditions)


def _fitting(sizes: Mapping[str, int], most_rows: int) -> Iterable[tuple[str, int]]:
    return ((value, size) for value, size in sizes.items() if size <= most_rows)
