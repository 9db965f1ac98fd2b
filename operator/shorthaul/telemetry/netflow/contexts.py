"""What a record does not say itself: its message's times, its exporter, and the sampling told."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """All that records of one message share; times are Unix milliseconds.

    `boot` is when the exporter started, 0 where nobody said; `sampling` is used where neither the
    record nor its sampler says a rate.
    """

    exported: int
    boot: int
    received: int
    exporter: int
    domain: int
    sampling: int
    samplers: Mapping[int, int]
