"""On how many edges those who told of the same traffic agree: two ends, or several sources."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreements:
    """Numbers of edges; `alone` are those that at most one of them told of."""

    agree: int = 0
    differ: int = 0
    alone: int = 0


def agreements(told: Iterable[bool | None]) -> Agreements:
    """Counts edges by whether those who told of them agree; None where no two did."""
    found = list(told)
    return Agreements(found.count(True), found.count(False), found.count(None))
