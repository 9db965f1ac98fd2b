"""What carries no weight, counted by reason.

Reasons quote what they refuse, so damaged or hostile input could make ever new ones: beyond a limit
they count together. Places become text only when they are shown, since most lines are skipped.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from shorthaul.telemetry.hubble_events import Skipped
from shorthaul.traffic.graphs import Leftover

REASON_LIMIT = 200
OTHERS = "other reasons"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line is, or with number 0 where a message came from."""

    path: str
    number: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.number}" if self.number else self.path


class Skips:
    """Counts by reason; `ignored` was never meant to weigh, all else is shown with its place."""

    def __init__(self) -> None:
        self.ignored: Counter[str] = Counter()
        self._shown: dict[str, tuple[int, Place]] = {}

    def add(self, skipped: Skipped, path: str, number: int = 0, lines: int = 1) -> None:
        """Counts lines or messages that say the same; the number is that of the first."""
        if not skipped.shown:
            self.ignored[bounded(skipped.reason, self.ignored)] += lines
            return
        reason = bounded(skipped.reason, self._shown)
        records, first = self._shown.get(reason) or (0, Place(path, number))
        self._shown[reason] = (records + lines, first)

    def leftovers(self) -> tuple[Leftover, ...]:
        """What is shown, by reason, with where it was first."""
        return tuple(
            Leftover(reason, records, str(place))
            for reason, (records, place) in sorted(self._shown.items())
        )


def bounded(reason: str, counts: Collection[str]) -> str:
    """The reason under which one more is counted."""
    return reason if reason in counts or len(counts) < REASON_LIMIT else OTHERS
