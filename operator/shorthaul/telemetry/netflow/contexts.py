"""What a record does not say itself: its message's times, its exporter, and the sampling told."""

import struct
from collections.abc import Mapping
from typing import NamedTuple

PACKED = struct.Struct("=3q4I")
"""A context as the compiled reader sees it; pairs of sampler and rate follow."""


class Context(NamedTuple):
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

    @property
    def packed(self) -> bytes:
        """This as bytes, for the compiled reader."""
        head = PACKED.pack(
            self.exported,
            self.boot,
            self.received,
            self.exporter,
            self.domain,
            self.sampling,
            len(self.samplers),
        )
        return head + packed(self.samplers)


def packed(samplers: Mapping[int, int]) -> bytes:
    """Pairs of sampler and rate, for the compiled reader."""
    if not samplers:
        return b""
    pairs = [number for pair in samplers.items() for number in pair]
    return struct.pack(f"={len(pairs)}I", *pairs)
