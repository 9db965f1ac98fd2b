"""Measures a stretch of running from outside: the links' own counters and the pods' own counts."""

from __future__ import annotations

import time

from realnodes import clusters
from realshop import outcomes, readings, watchers


def span(cluster: clusters.Cluster, watcher: watchers.Watcher, seconds: float) -> outcomes.Span:
    """Wait and return what crossed and what calls took meanwhile."""
    began, crossed, told = time.monotonic(), crossing(cluster), watcher.total()
    time.sleep(seconds)
    passed = time.monotonic() - began
    return described(watcher.total().since(told), crossing(cluster) - crossed, passed)


def described(told: readings.Reading, crossed: int, seconds: float) -> outcomes.Span:
    """Return a stretch of so many seconds as a value."""
    return outcomes.Span(
        seconds=round(seconds, 1),
        cross_bytes_per_second=round(crossed / seconds, 1),
        p50_seconds=told.quantile(0.5),
        p99_seconds=told.quantile(0.99),
        due=told.due,
        done=told.done,
        failed=told.failed,
        skipped=told.skipped,
        called_bytes_per_second=round(told.bytes / seconds, 1),
        failures=told.failures,
    )


def crossing(cluster: clusters.Cluster) -> int:
    """Return the bytes that went from one rack to another so far, each counted once.

    What leaves one rack enters another, so both counters of all uplinks together are twice that.
    """
    found = cluster.interface_bytes().values()
    return sum(one.out_of_rack + one.into_rack for one in found) // 2
