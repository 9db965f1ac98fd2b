"""Reads round trips between nodes: how many there are first, so that no answer is without bound.

Nothing is believed of an answer but its numbers: what is no time, names no node at an end, or is
there twice is refused and counted by reason. Which nodes there are is not known here.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus import round_trip_queries as queries
from shorthaul.telemetry.prometheus import shards
from shorthaul.telemetry.prometheus.answers import Answer
from shorthaul.telemetry.prometheus.queries import Cell
from shorthaul.telemetry.prometheus.readers import Ask, NothingMeasured
from shorthaul.telemetry.prometheus.round_trip_profiles import Histogram, OwnQuery
from shorthaul.topology.soundings import EXACT, Resolution

MOST_ROWS = 10_000
MOST_OWN_ROWS = 40_000
MOST_PAIRS = 200_000
MOST_MILLISECONDS = 60_000.0
NAMELESS = "no node is named at one end"
LONG = f"the round trip is longer than {MOST_MILLISECONDS / 1_000:g} s"
TWICE = "the pair of nodes is there more than once"

Ends = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """Milliseconds by the names of both ends, what was refused, and what went wrong at all."""

    milliseconds: Mapping[Ends, float] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    resolution: Resolution = EXACT
    trouble: str = ""


def read_round_trips(
    ask: Ask, asked: Histogram | OwnQuery, *, seconds: int, at_seconds: int
) -> RoundTrips:
    """The round trips of the seconds before a time; raises BadInput."""
    if isinstance(asked, OwnQuery):
        _check(_count(ask(queries.size(asked), at_seconds)), MOST_OWN_ROWS)
        return _taken([ask(asked.query, at_seconds)], asked, EXACT)
    cells = _cells(ask, asked, seconds, at_seconds)
    resolution = _resolution(ask(queries.bounds(asked, seconds), at_seconds), asked)
    answers = (ask(queries.medians(asked, cell, seconds), at_seconds) for cell in cells)
    return _taken(answers, asked, resolution)


def _cells(ask: Ask, asked: Histogram, seconds: int, at_seconds: int) -> tuple[Cell, ...]:
    """One condition on the destination for each query."""
    answer = ask(queries.sizes(asked, seconds), at_seconds)
    sizes = {row[0].get(asked.destination, ""): int(row[1]) for row in answer.rows}
    if not sizes:
        raise NothingMeasured(
            f"no series of {asked.metric}_bucket with both {asked.source} and {asked.destination} "
            f"in {seconds} s; is the metric switched on and scraped?"
        )
    _check(sum(sizes.values()), MOST_PAIRS)
    conditions, large = shards.pack(sizes, asked.destination, MOST_ROWS)
    if large:
        _check(sizes[large[0]], MOST_ROWS, f" to {large[0]}")
    return shards.cells((), conditions)


def _count(answer: Answer) -> int:
    return int(sum(row[1] for row in answer.rows))


def _check(pairs: int, most: int, told: str = "") -> None:
    if pairs > most:
        raise BadInput(
            f"{pairs:,} round trips{told} are more than {most:,}; narrow down what is asked for"
        )


def _resolution(answer: Answer, asked: Histogram) -> Resolution:
    """What the buckets tell apart, in milliseconds."""
    limits = sorted(
        bound * 1_000
        for labels, _ in answer.rows
        if (bound := _number(labels.get("le", ""))) is not None
    )
    if len(limits) < 2:
        raise BadInput(
            f"{asked.metric} has {len(limits)} finite buckets; two are needed to tell times apart"
        )
    return Resolution(limits[0], limits[-1])


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _taken(
    answers: Iterable[Answer], asked: Histogram | OwnQuery, resolution: Resolution
) -> RoundTrips:
    found: dict[Ends, float] = {}
    refused: Counter[str] = Counter()
    rows: Counter[Ends] = Counter()
    for answer in answers:
        refused.update(answer.refused)
        for labels, seconds in answer.rows:
            ends = labels.get(asked.source, ""), labels.get(asked.destination, "")
            if not all(ends):
                refused[NAMELESS] += 1
            elif seconds * 1_000 > MOST_MILLISECONDS:
                refused[LONG] += 1
            else:
                rows[ends] += 1
                found[ends] = seconds * 1_000
    for ends in [each for each, times in rows.items() if times > 1]:
        refused[TWICE] += rows[ends]
        del found[ends]
    return RoundTrips(found, dict(sorted(refused.items())), resolution)
