"""What a source of bytes has told since it was opened, summed for its status."""

from dataclasses import dataclass

from shorthaul.traffic.volumes import Volume


@dataclass(slots=True)
class VolumeSums:
    """Windows and bytes; a window that is told again counts once, as it was told first."""

    windows: int = 0
    incomplete_windows: int = 0
    billed_bytes: int = 0
    left_bytes: int = 0

    def add(self, volume: Volume) -> None:
        """Takes one window."""
        self.windows += 1
        self.incomplete_windows += not volume.complete
        self.billed_bytes += volume.billed_bytes
        self.left_bytes += volume.left_bytes

    @property
    def text(self) -> str:
        """One line for people."""
        whole = self.billed_bytes + self.left_bytes
        share = self.left_bytes / whole if whole else 0.0
        lacking = f", {self.incomplete_windows} incomplete" if self.incomplete_windows else ""
        return (
            f"{self.windows} windows of bytes have been read{lacking}; "
            f"{share:.1%} of the bytes name no two workloads"
        )
