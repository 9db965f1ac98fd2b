"""Reads the traffic of a stretch of time, step by step and cell by cell, into a measurement.

Each step's cells are found by asking how many pairs of ends there are, so that no answer is larger
than a limit; the steps follow each other without gap, and what each counts adds up exactly.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus import queries, shards
from shorthaul.telemetry.prometheus.answers import Answer
from shorthaul.telemetry.prometheus.ends import Names
from shorthaul.telemetry.prometheus.measurements import Adding, Measurement
from shorthaul.telemetry.prometheus.profiles import Matcher, Profile, within
from shorthaul.telemetry.prometheus.queries import Cell

Ask = Callable[[str, int], Answer]
MOST_ROWS = 10_000
MOST_STEPS = 2_000
MOST_QUERIES = 100_000
TOO_MANY = "more pairs of ends than one answer may have, and no label to split them by"


class NothingMeasured(BadInput):
    """No series at all in the time that was asked for."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which time is read, in which steps; whole seconds since the epoch."""

    begin: int
    end: int
    step_seconds: int

    def steps(self) -> Iterator[tuple[int, int]]:
        """End and length of each step; the last may be shorter."""
        for begin in range(self.begin, self.end, self.step_seconds):
            end = min(begin + self.step_seconds, self.end)
            yield end, end - begin


@dataclass(slots=True)
class _Asking:
    """Asks, and counts how often."""

    ask: Ask
    queries: int = 0

    def __call__(self, query: str, at_seconds: int) -> Answer:
        self.queries += 1
        if self.queries > MOST_QUERIES:
            raise BadInput(f"more than {MOST_QUERIES:,} queries; ask for less time")
        return self.ask(query, at_seconds)


def read_traffic(
    ask: Ask,
    profile: Profile,
    names: Names,
    stretch: Stretch,
    *,
    sampling: float | None = None,
    most_rows: int = MOST_ROWS,
) -> Measurement:
    """What was counted; `sampling` is the user's own word; raises BadInput."""
    asking = _Asking(ask)
    profile = profile if names.outsides else within(profile)
    if (stretch.end - stretch.begin) > MOST_STEPS * stretch.step_seconds:
        raise BadInput(f"more than {MOST_STEPS:,} steps; make the step longer or the time shorter")
    factor = sampling or _sampling(asking, profile, stretch.end)
    adding = Adding(profile, names, factor)
    seconds = 0
    for end, length in stretch.steps():
        found = False
        for metric in profile.metrics:
            for cell in _cells(asking, profile, metric, (end, length, most_rows)):
                found = True
                adding.add(asking(queries.traffic(profile, metric, cell, length), end))
        seconds += length if found else 0
    asked = stretch.end - stretch.begin
    if not seconds:
        raise NothingMeasured(
            f"no series of {' or '.join(profile.metrics)} in {asked} s with the labels of profile "
            f"{profile.name}; is it scraped, and are its labels on?"
        )
    return adding.measurement(seconds=seconds, asked_seconds=asked, queries=asking.queries)


def _sampling(asking: _Asking, profile: Profile, at_seconds: int) -> float:
    metric = profile.sampling.metric
    if not metric:
        return profile.sampling.factor
    answer = asking(queries.sampling(profile.sampling), at_seconds)
    told = {row[0].get("is", ""): row[1] for row in answer.rows}
    advice = "say with --sampling one of how many is counted"
    if set(told) != {"least", "most"}:
        raise BadInput(f"the sampling is not known: no value of {metric}; {advice}")
    if told["least"] != told["most"]:
        raise BadInput(
            f"agents sample differently: {metric} is from {told['least']:g} to {told['most']:g}; "
            f"set it alike, or {advice}"
        )
    return told["most"]


def _cells(
    asking: _Asking, profile: Profile, metric: str, bounds: tuple[int, int, int]
) -> Iterator[Cell]:
    yield from _split(asking, profile, metric, (), profile.labels, bounds)


def _split(
    asking: _Asking,
    profile: Profile,
    metric: str,
    parent: Cell,
    labels: tuple[str, ...],
    bounds: tuple[int, int, int],
) -> Iterator[Cell]:
    """Cells of at most so many pairs of ends, split by one label after the other."""
    end, length, most_rows = bounds
    if not labels:
        raise BadInput(f"{metric}: {TOO_MANY} ({', '.join(map(_told, parent))})")
    label, *others = labels
    answer = asking(queries.sizes(profile, metric, parent, label, length), end)
    sizes = {row[0].get(label, ""): int(row[1]) for row in answer.rows}
    conditions, large = shards.pack(sizes, label, most_rows)
    yield from shards.cells(parent, conditions)
    for value in large:
        narrowed = (*parent, queries.among(label, [value]))
        yield from _split(asking, profile, metric, narrowed, tuple(others), bounds)


def _told(matcher: Matcher) -> str:
    return f"{matcher.label}={matcher.value!r}"
