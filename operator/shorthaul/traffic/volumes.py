"""What one source of bytes says of one closed window: who carried how much to whom.

A window lies on the same grid as those of flow events (`start_seconds` is a multiple of `seconds`),
so that bytes and events of one time can be held against each other. Everything that came in it is
in exactly one sum: an edge, or what is left by a reason. Both ways of a connection are on the edge
from its client to its server; a source that does not know who asked whom tells each way as an edge
of its own, from sender to receiver, and `joins` turns it round where Hubble knows better.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from shorthaul.traffic.end_sums import EndSums
from shorthaul.units import PodRef, WorkloadRef

Ends = tuple[WorkloadRef, WorkloadRef]
PodEnds = tuple[PodRef, PodRef]


class Sent(NamedTuple):
    """What went between two ends, client first, in whole numbers; 0 for what is not told.

    `variance` is by how much sampling makes the bytes of both ways differ, in their square.
    """

    forward_bytes: int
    backward_bytes: int = 0
    packets: int = 0
    connections: int = 0
    variance: int = 0

    @property
    def bytes(self) -> int:
        """Both ways together."""
        return self.forward_bytes + self.backward_bytes

    def plus(self, other: "Sent") -> "Sent":
        """Both together, exactly."""
        return Sent(*(one + more for one, more in zip(self, other, strict=True)))


class Left(NamedTuple):
    """Bytes that are on no edge, for one reason: aside, or nobody's; never used for moves."""

    reason: str
    bytes: int
    records: int = 1
    example: str = ""


def without(missing: Iterable[str]) -> str:
    """What people are told at the end of a sentence about windows, of whom the newest lacks."""
    names = ", ".join(missing)
    return f"; the newest is without {names}" if names else ""


@dataclass(frozen=True, slots=True)
class Volume:
    """One window of one source; one that is not `complete` says nothing of rates.

    `missing` says, for people, who has not told of it yet; while anybody is, it is not complete.
    Of two that its source gives of the same time, the one of the higher `revision` counts.

    `pairs` are pods' parts of the edges, as far as the source tells pods: of each edge none, some
    or all of it. `owners` tells of each pod in it whose it was, since it may be gone by now.
    `ends` is what both ends' nodes told of two workloads, in their order, whoever is the client; it
    is of no more than those pods that both nodes told of, and says nothing of how much there was.
    """

    start_seconds: int
    seconds: int
    edges: Mapping[Ends, Sent] = field(default_factory=dict)
    pairs: Mapping[PodEnds, Sent] = field(default_factory=dict)
    owners: Mapping[PodRef, WorkloadRef] = field(default_factory=dict)
    ends: Mapping[Ends, EndSums] = field(default_factory=dict)
    leftovers: tuple[Left, ...] = ()
    complete: bool = True
    missing: tuple[str, ...] = ()
    revision: int = 0

    def __post_init__(self) -> None:
        if self.complete and self.missing:
            raise ValueError(f"a complete window from {self.start_seconds} that misses somebody")
        if self.seconds < 1 or self.start_seconds < 0 or self.start_seconds % self.seconds:
            raise ValueError(
                f"a window from {self.start_seconds} for {self.seconds} s is not on the grid"
            )
        if any(number < 0 for sent in self.edges.values() for number in sent) or any(
            number < 0 for sums in self.ends.values() for number in sums
        ):
            raise ValueError(f"the window from {self.start_seconds} has a count below 0")

    @property
    def end_seconds(self) -> int:
        """Where it ends."""
        return self.start_seconds + self.seconds

    @property
    def billed_bytes(self) -> int:
        """What the edges have together."""
        return sum(sent.bytes for sent in self.edges.values())

    @property
    def left_bytes(self) -> int:
        """What is on no edge."""
        return sum(left.bytes for left in self.leftovers)


def unordered(ends: Ends) -> Ends:
    """Two workloads in their order, whoever is the client."""
    return ends if ends[0] <= ends[1] else (ends[1], ends[0])


def whole(amount: float) -> int:
    """Bytes as a source may tell them, to the nearest whole one."""
    return math.floor(amount + 0.5)


def gathered(leftovers: Iterable[Left]) -> tuple[Left, ...]:
    """One of each reason, sorted, with all its bytes and the smallest example."""
    found: dict[str, Left] = {}
    for left in leftovers:
        known = found.get(left.reason)
        found[left.reason] = left if known is None else _both(known, left)
    return tuple(found[reason] for reason in sorted(found))


def _both(one: Left, other: Left) -> Left:
    return Left(
        one.reason,
        one.bytes + other.bytes,
        one.records + other.records,
        min(filter(None, (one.example, other.example)), default=""),
    )
