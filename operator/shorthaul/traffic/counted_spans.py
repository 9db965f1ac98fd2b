"""When whose records counted, of one way between two addresses: times that never overlap.

Records come in any order: a collector that was silent brings later what another one was waited for
in vain. A record counts only where none of another point did that goes over some of its time, so
bytes may be left out where two points cut them otherwise, and none counts twice, whoever is heard
first. Records of one point are different bytes always.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from shorthaul.traffic.passages import Place

MOST_SPANS = 32
"""Of one pair; of more the oldest are joined into a time in which nothing else counts."""

_EARLIEST = -(1 << 62)


class _Span(NamedTuple):
    """From the first moment to the last, both in it, one point counted."""

    first: int
    last: int
    place: Place


@dataclass(slots=True)
class CountedSpans:
    """Sorted; two neighbours are of two points."""

    _spans: list[_Span] = field(default_factory=list)
    _floor: int = _EARLIEST

    @property
    def newest(self) -> int:
        """The last moment in which anything counted."""
        return self._spans[-1].last if self._spans else self._floor

    def take(self, place: Place, first: int, last: int) -> bool:
        """Whether a record of a point counts; if so its time is the point's from now on."""
        spans = self._spans
        if spans and first >= spans[-1].first and spans[-1].place == place:
            if last > spans[-1].last:
                spans[-1] = _Span(spans[-1].first, last, place)
            return True  # As nearly always: the newest goes on.
        if first <= self._floor:
            return False
        begin = bisect_left(spans, first, key=attrgetter("last"))
        end = begin
        while end < len(spans) and spans[end].first <= last:
            if spans[end].place != place:
                return False
            end += 1
        self._join(begin, end, _Span(first, max(first, last), place))
        return True

    def _join(self, begin: int, end: int, span: _Span) -> None:
        """Puts a span where it belongs, as one with its neighbours of the same point."""
        spans = self._spans
        if begin and spans[begin - 1].place == span.place:
            begin -= 1
        if end < len(spans) and spans[end].place == span.place:
            end += 1
        own = (*spans[begin:end], span)
        first, last = min(each.first for each in own), max(each.last for each in own)
        spans[begin:end] = [_Span(first, last, span.place)]
        if len(spans) > MOST_SPANS:
            self._floor = max(self._floor, spans.pop(0).last)
