"""What the shop's pods tell of their calls, as values: sums over pods and time, and quantiles.

A pod counts from its own beginning. So a total is the sum of the last reading of every pod that
there ever was, and what happened in a span is the difference of two totals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Key = TypeVar("Key", int, str)
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """Calls that were due, done, failed and skipped; how long those done took, in buckets."""

    due: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    bytes: int = 0
    buckets: Mapping[int, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: Reading) -> Reading:
        """Return both together."""
        return _joined(self, other, 1)

    def since(self, earlier: Reading) -> Reading:
        """Return what came after an earlier reading of the same pods."""
        return _joined(self, earlier, -1)

    def quantile(self, share: float) -> float | None:
        """Return the seconds that this share of the calls took at most; None without calls."""
        wanted = share * sum(self.buckets.values())
        seen = 0
        for upper, count in sorted(self.buckets.items()):
            seen += count
            if seen >= wanted and count:
                return upper / MICROSECONDS
        return None


def read(told: Mapping[str, Any]) -> Reading:
    """Return what one pod told of all its calls."""
    return total(
        Reading(
            due=call["due"],
            done=call["done"],
            failed=call["failed"],
            skipped=call["skipped"],
            bytes=call["sent_bytes"] + call["received_bytes"],
            buckets={int(upper): int(count) for upper, count in call["microseconds"]},
            failures=call["failures"],
        )
        for call in told["calls"]
    )


def total(found: Iterable[Reading]) -> Reading:
    """Return the sum of readings."""
    result = Reading()
    for one in found:
        result = result.plus(one)
    return result


def _joined(one: Reading, other: Reading, sign: int) -> Reading:
    return Reading(
        due=one.due + sign * other.due,
        done=one.done + sign * other.done,
        failed=one.failed + sign * other.failed,
        skipped=one.skipped + sign * other.skipped,
        bytes=one.bytes + sign * other.bytes,
        buckets=_counted(one.buckets, other.buckets, sign),
        failures=_counted(one.failures, other.failures, sign),
    )


def _counted(one: Mapping[Key, int], other: Mapping[Key, int], sign: int) -> Mapping[Key, int]:
    found = Counter(one)
    for key, count in other.items():
        found[key] += sign * count
    return {key: count for key, count in found.items() if count}
