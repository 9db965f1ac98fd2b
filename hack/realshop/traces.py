"""What crosses between racks from moment to moment, and when that came to rest."""

from __future__ import annotations

import time
from collections.abc import Sequence

from realnodes import clusters, shells
from realshop import followings, measures

PERIOD_SECONDS = 2.0
SMOOTHED = 5
"""Readings that a rate is the mean over: calls come at random times."""
REST_SHARE = 0.1
LEAST_CHANGE = 0.2
Point = tuple[float, float]


class Trace(followings.Following):
    """Reads the links' counters in a thread of its own while its block runs."""

    period_seconds = PERIOD_SECONDS

    def __init__(self, cluster: clusters.Cluster) -> None:
        """Take whose links to read; nothing is read yet."""
        super().__init__(cluster)
        self._readings: list[tuple[float, int]] = []

    def since(self, moment: float) -> tuple[Point, ...]:
        """Return the rates so far in bytes per second; times are from a monotonic moment."""
        return rates([(when - moment, total) for when, total in self._readings])

    def _look(self) -> None:
        try:
            crossed = measures.crossing(self._cluster)
        except (shells.Failed, OSError):
            return
        self._readings.append((time.monotonic(), crossed))


def rates(readings: Sequence[tuple[float, int]]) -> tuple[Point, ...]:
    """Return the mean rate over the last few readings, at each of them."""
    return tuple(
        (round(later, 1), round((much - little) / (later - earlier), 1))
        for (earlier, little), (later, much) in zip(readings, readings[SMOOTHED:], strict=False)
    )


def settled(points: Sequence[Point], before: float, after: float) -> float | None:
    """Return the seconds until the rate stays near what it is afterwards; None if little changed.

    Near is within a tenth of what was before.
    """
    if abs(before - after) < LEAST_CHANGE * before:
        return None
    away = [when for when, rate in points if when >= 0 and abs(rate - after) > REST_SHARE * before]
    return max(away, default=0.0)
