"""What a source of bytes says over the windows that are kept, summed for its status.

A window's edges are added up once, as it comes: a status is written far more often, and the windows
of the recorder have too many edges to be added up each time.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from shorthaul.traffic.volumes import Volume, without


class Grown(NamedTuple):
    """By how much a window tells of more than at any time before."""

    billed_bytes: int
    left_bytes: int


@dataclass(frozen=True, slots=True)
class _Sum:
    complete: bool
    billed_bytes: int
    left_bytes: int
    most_billed_bytes: int
    most_left_bytes: int
    missing: tuple[str, ...]


@dataclass(slots=True)
class VolumeSums:
    """Sums of the newest windows; one that is told again replaces what was told first."""

    kept_windows: int
    _windows: dict[int, _Sum] = field(default_factory=dict)

    def add(self, volume: Volume) -> Grown:
        """Takes one window; tells what is new in it, so that counters count no byte twice."""
        start, billed, left = volume.start_seconds, volume.billed_bytes, volume.left_bytes
        known = self._windows.get(start)
        before = (known.most_billed_bytes, known.most_left_bytes) if known else (0, 0)
        most = max(billed, before[0]), max(left, before[1])
        self._windows[start] = _Sum(volume.complete, billed, left, *most, volume.missing)
        for old in sorted(self._windows)[: -self.kept_windows]:
            del self._windows[old]
        return Grown(most[0] - before[0], most[1] - before[1])

    @property
    def windows(self) -> int:
        """How many there are."""
        return len(self._windows)

    @property
    def incomplete_windows(self) -> int:
        """How many of them say nothing."""
        return sum(not each.complete for each in self._windows.values())

    @property
    def billed_bytes(self) -> int:
        """Bytes between two workloads."""
        return sum(each.billed_bytes for each in self._windows.values())

    @property
    def left_bytes(self) -> int:
        """Bytes that name no two workloads."""
        return sum(each.left_bytes for each in self._windows.values())

    @property
    def text(self) -> str:
        """One line for people."""
        whole = self.billed_bytes + self.left_bytes
        share = self.left_bytes / whole if whole else 0.0
        lacking = f", {self.incomplete_windows} of them incomplete" * bool(self.incomplete_windows)
        missing = self._windows[max(self._windows)].missing if self._windows else ()
        return (
            f"{self.windows} windows of bytes are kept{lacking}{without(missing)}; "
            f"{share:.1%} of the bytes name no two workloads"
        )
