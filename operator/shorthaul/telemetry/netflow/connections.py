"""Firewalls that count a connection twice: in updates while it lives, and wholly at its end.

Cisco's ASA calls both counts deltas, but the record of the connection's end has all of its bytes
(seen in recordings: the update and the end, one after the other, with the same bytes). So what the
updates had is taken off the end. Events may arrive out of order; what is known of a connection is
kept while there is room, oldest dropped first.
"""

from collections import OrderedDict
from dataclasses import dataclass

from shorthaul.telemetry.netflow.assembling import DELETED

Key = tuple[int, int, int, int]
"""Exporter, domain, the connection's number, and when it began: numbers are given again."""
Counts = tuple[int, ...]
NOTHING: Counts = (0, 0, 0, 0)


@dataclass(slots=True)
class _Connection:
    counted: Counts = NOTHING
    ended: bool = False


class Connections:
    """The connections that were heard of lately; `forgotten` counts those dropped while open."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._known: OrderedDict[Key, _Connection] = OrderedDict()
        self.forgotten = 0

    def __len__(self) -> int:
        return len(self._known)

    def remainder(self, key: Key, event: int, counts: Counts) -> Counts:
        """What a record adds to what has been counted of its connection."""
        known = self._known.setdefault(key, _Connection())
        self._known.move_to_end(key)
        self._keep_room()
        if event != DELETED:
            if known.ended:
                return NOTHING
            known.counted = _sum(known.counted, counts)
            return counts
        left = _less(counts, known.counted)
        known.counted, known.ended = counts, True
        return left

    def _keep_room(self) -> None:
        if len(self._known) > self._room:
            _, dropped = self._known.popitem(last=False)
            self.forgotten += not dropped.ended


def _sum(one: Counts, other: Counts) -> Counts:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _less(one: Counts, other: Counts) -> Counts:
    return tuple(max(0, a - b) for a, b in zip(one, other, strict=True))
