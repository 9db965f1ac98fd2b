"""What a source of bytes says over the windows that are kept, summed for its status."""

from dataclasses import dataclass, field

from shorthaul.traffic.volumes import Volume


@dataclass(frozen=True, slots=True)
class _Sum:
    complete: bool
    billed_bytes: int
    left_bytes: int


@dataclass(slots=True)
class VolumeSums:
    """Sums of the newest windows; one that is told again replaces what was told first."""

    kept_windows: int
    _windows: dict[int, _Sum] = field(default_factory=dict)

    def add(self, volume: Volume) -> None:
        """Takes one window."""
        found = _Sum(volume.complete, volume.billed_bytes, volume.left_bytes)
        self._windows[volume.start_seconds] = found
        for start in sorted(self._windows)[: -self.kept_windows]:
            del self._windows[start]

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
        return (
            f"{self.windows} windows of bytes are kept{lacking}; "
            f"{share:.1%} of the bytes name no two workloads"
        )
