"""What a run of the shop came to, as one value that a file keeps and tables are made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of steady running: what the links carried, and what the pods' calls took.

    Bytes are those of the racks' uplinks, by the interfaces' own counters, each crossing once.
    """

    seconds: float
    cross_bytes_per_second: float
    p50_seconds: float | None
    p99_seconds: float | None
    due: int
    done: int
    failed: int
    skipped: int
    called_bytes_per_second: float
    failures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Restart:
    """What a rolling restart of every workload costs, for comparison with the moves."""

    seconds: float
    pods: int
    due: int
    failed: int
    breaches: int


@dataclass(frozen=True, slots=True)
class Moving:
    """The moves of one run, whoever made them; only plans tell where pods should land.

    `refusals` are those that did not, by how they ended and why.
    """

    evictions: int
    landed: int
    astray: int
    seconds: float
    due: int
    failed: int
    failures: Mapping[str, int]
    breaches: int
    unheard: int
    later_evictions: int
    later_seconds: float
    plans: tuple[Mapping[str, Any], ...] = ()
    refusals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario on one shop.

    `routed` are the Services whose routing was changed on advice; `trace` is what crossed in bytes
    per second, by seconds from the change.
    """

    scenario: str
    seed: int
    services: int
    pods: int
    nodes: int
    racks: int
    cni: str
    bandwidth: str
    offered_bytes_per_second: float
    least_bytes_per_second: float
    least_proven: bool
    before: Span
    after: Span
    moving: Moving | None = None
    restart: Restart | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    stores: int = 0
    routed: tuple[str, ...] = ()
    trace: tuple[tuple[float, float], ...] = ()


def write(found: Outcome, target: Path) -> None:
    """Keep an outcome in a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(asdict(found), indent=2, sort_keys=True) + "\n")


def read(source: Path) -> Outcome:
    """Return the outcome that a file keeps."""
    told = json.loads(source.read_text())
    told["before"], told["after"] = Span(**told["before"]), Span(**told["after"])
    if told["moving"]:
        told["moving"] = Moving(**told["moving"] | {"plans": tuple(told["moving"]["plans"])})
    if told["restart"]:
        told["restart"] = Restart(**told["restart"])
    told["routed"] = tuple(told.get("routed", ()))
    told["trace"] = tuple((when, rate) for when, rate in told.get("trace", ()))
    return Outcome(**told)
