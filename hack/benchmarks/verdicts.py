"""Whether a goal was reached, and the figures that say so."""

from collections.abc import Sequence
from dataclasses import dataclass

Part = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reached` is None where rows are missing."""

    reached: bool | None
    told: str

    @property
    def word(self) -> str:
        """For the table."""
        if self.reached is None:
            return "not measured"
        return "reached" if self.reached else "not reached"


def verdict(parts: Sequence[Part], least: int) -> Verdict:
    """All parts together; open while some are missing and none speaks against."""
    told = "; ".join(text for _, text in parts)
    if not all(reached for reached, _ in parts):
        return Verdict(False, told)
    return Verdict(True if len(parts) >= least else None, told)
