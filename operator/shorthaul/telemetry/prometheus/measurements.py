"""Adds up what the answers say: traffic per pair of ends, and all that names nobody.

Amounts are in the profile's one unit, already multiplied by the sampling. What is refused or names
nobody is counted by reason, with its amount where it has one, so that the shares are known.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from shorthaul.telemetry.prometheus.answers import LARGE, VALUE_LIMIT, Answer
from shorthaul.telemetry.prometheus.ends import Names, Nobody
from shorthaul.telemetry.prometheus.profiles import Counted, Profile
from shorthaul.traffic.anchors import is_anchor
from shorthaul.traffic.attribution import OUTSIDE
from shorthaul.traffic.graphs import Vertex


@dataclass(frozen=True, slots=True)
class Unattributed:
    """Traffic of which one end or both name nobody."""

    reason: str
    rows: int
    amount: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """Traffic in a stretch of time; `seconds` are those in which there was any series.

    `pairs` is sorted; `refused` counts values that were no usable numbers, by reason. `rows` are
    the pairs of ends that had any sample in that time, whether or not anything was counted.
    """

    unit: Counted
    seconds: int
    asked_seconds: int
    pairs: tuple[tuple[Vertex, Vertex, float], ...]
    unattributed: tuple[Unattributed, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    queries: int = 0
    rows: int = 0

    @property
    def amount(self) -> float:
        """All attributed traffic."""
        return math.fsum(amount for _, _, amount in self.pairs)

    @property
    def unattributed_amount(self) -> float:
        """All other traffic."""
        return math.fsum(each.amount for each in self.unattributed)


class Adding:
    """A measurement in the making."""

    def __init__(self, profile: Profile, names: Names, factor: float) -> None:
        self._profile = profile
        self._names = names
        self._factor = factor
        self._pairs: dict[tuple[Vertex, Vertex], list[float]] = {}
        self._nobody: dict[str, list[float]] = {}
        self._refused: dict[str, int] = {}
        self._warnings: dict[str, None] = {}
        self._rows = 0

    def add(self, answer: Answer) -> None:
        """Takes one answer."""
        self._rows += len(answer.rows) + sum(answer.refused.values())
        for reason, rows in answer.refused.items():
            self._refused[reason] = self._refused.get(reason, 0) + rows
        self._warnings.update(dict.fromkeys(answer.warnings))
        for labels, amount in answer.rows:
            if amount * self._factor >= VALUE_LIMIT:
                self._refused[LARGE] = self._refused.get(LARGE, 0) + 1
            elif amount > 0:
                self._add(labels, amount * self._factor)

    def _add(self, labels: Mapping[str, str], amount: float) -> None:
        source = self._names.of(self._profile.source, labels)
        destination = self._names.of(self._profile.destination, labels)
        if isinstance(source, Nobody):
            self._nobody.setdefault(f"source: {source}", []).append(amount)
            return
        if isinstance(destination, Nobody):
            self._nobody.setdefault(f"destination: {destination}", []).append(amount)
            return
        if is_anchor(source) and is_anchor(destination):
            self._nobody.setdefault(OUTSIDE, []).append(amount)
            return
        self._pairs.setdefault((source, destination), []).append(amount)

    def measurement(self, *, seconds: int, asked_seconds: int, queries: int) -> Measurement:
        """All that was added."""
        pairs = ((*ends, math.fsum(amounts)) for ends, amounts in self._pairs.items())
        return Measurement(
            unit=self._profile.unit,
            seconds=seconds,
            asked_seconds=asked_seconds,
            pairs=tuple(sorted(pairs, key=_order)),
            unattributed=tuple(
                Unattributed(reason, len(amounts), math.fsum(amounts))
                for reason, amounts in sorted(self._nobody.items())
            ),
            refused=dict(sorted(self._refused.items())),
            warnings=tuple(self._warnings),
            queries=queries,
            rows=self._rows,
        )


def _order(row: tuple[Vertex, Vertex, float]) -> tuple[str, str]:
    return repr(row[0]), repr(row[1])
