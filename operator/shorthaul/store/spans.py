"""Which positions of a stream were taken: an exact set that stays small where little is missing.

A single last position would do for a stream that never comes out of order; datagrams do. So it is
a set of intervals: a stream without gaps is one interval, a lost datagram leaves a hole, and a late
one fills it. There may be at most `HOLE_LIMIT` holes; then the oldest is given up, and what comes
for it later is refused as too late, not counted and not taken for a repeat.
"""

import json
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

from shorthaul.traffic.entries import COUNT_LIMIT, Span

HOLE_LIMIT = 1000


class Standing(Enum):
    """What is known of some positions before they are taken."""

    NEW = "new"
    TAKEN = "taken before"
    PARTLY = "positions that were taken in part"
    NONE = "positions that are none"
    LATE = f"positions behind {HOLE_LIMIT} gaps of their stream"


@dataclass(frozen=True, slots=True)
class Spans:
    """Disjoint, sorted, never touching; below `floor` nothing is told apart any more."""

    taken: tuple[Span, ...] = ()
    floor: int = 0

    def standing(self, span: Span) -> Standing:
        """Whether positions are new."""
        if not 0 <= span.first < span.after < COUNT_LIMIT:
            return Standing.NONE
        if span.first < self.floor:
            return Standing.LATE
        place = bisect_right(self.taken, span.first, key=lambda each: each.first)
        if place and span.first < self.taken[place - 1].after:
            inside = span.after <= self.taken[place - 1].after
            return Standing.TAKEN if inside else Standing.PARTLY
        if place < len(self.taken) and self.taken[place].first < span.after:
            return Standing.PARTLY
        return Standing.NEW

    def plus(self, span: Span) -> "Spans":
        """With new positions added."""
        place = bisect_right(self.taken, span.first, key=lambda each: each.first)
        before, behind = self.taken[:place], self.taken[place:]
        first, after = span
        if before and before[-1].after == first:
            first, before = before[-1].first, before[:-1]
        if behind and behind[0].first == after:
            after, behind = behind[0].after, behind[1:]
        taken = (*before, Span(first, after), *behind)
        if len(taken) <= HOLE_LIMIT + 1:
            return Spans(taken, self.floor)
        return Spans(taken[1:], taken[0].after)

    def as_text(self) -> str:
        """As it is stored."""
        return json.dumps([self.floor, *self.taken])


def spans_of(text: str) -> Spans:
    """What was stored."""
    floor, *pairs = json.loads(text)
    return Spans(tuple(Span(first, after) for first, after in pairs), floor)
