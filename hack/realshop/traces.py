"""What crosses between racks from moment to moment, and when that came to rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Self

from realnodes import clusters, shells
from realshop import measures

PERIOD_SECONDS = 2.0
SMOOTHED = 5
"""Readings that a rate is the mean over: calls come at random times."""
REST_SHARE = 0.1
LEAST_CHANGE = 0.2
Point = tuple[float, float]


class Trace:
    """Reads the links' counters in a thread of its own between `start` and `stop`."""

    def __init__(self, cluster: clusters.Cluster) -> None:
        """Take whose links to read; nothing is read yet."""
        self._cluster = cluster
        self._readings: list[tuple[float, int]] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._ending.set()
        self._thread.join()

    def since(self, moment: float) -> tuple[Point, ...]:
        """Return the rates so far in bytes per second; times are from a monotonic moment."""
        return rates([(when - moment, total) for when, total in self._readings])

    def _follow(self) -> None:
        while not self._ending.wait(PERIOD_SECONDS):
            try:
                crossed = measures.crossing(self._cluster)
            except (shells.Failed, OSError):
                continue  # A reading less.
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
