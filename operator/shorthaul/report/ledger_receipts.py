"""What became of the lines that were given to the ledger: each one is in exactly one count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shorthaul.report.note_texts import note_lines
from shorthaul.report.screens import Screen, strong_lines


@dataclass(frozen=True, slots=True)
class Reading:
    """Lines and records by what came of them: counted, counted before, refused, or passed over."""

    lines: int
    counted: int
    repeated: int
    refused: Mapping[str, int]
    passed: Mapping[str, int]
    warnings: Sequence[str] = ()


def receipt_object(reading: Reading) -> dict[str, Any]:
    """For -o json."""
    return {
        "lines": reading.lines,
        "counted": reading.counted,
        "repeated": reading.repeated,
        "refused": dict(sorted(reading.refused.items())),
        "passedOver": dict(sorted(reading.passed.items())),
        "warnings": list(reading.warnings),
    }


def receipt_text(reading: Reading, screen: Screen) -> str:
    """Why lines were not counted, then how many were."""
    notes = [*reading.warnings, *_reasons("refused", reading.refused)]
    notes += _reasons("passed over", reading.passed)
    summary = (
        f"ledger: {reading.counted:,} of {reading.lines:,} lines or records counted, "
        f"{reading.repeated:,} were counted before"
    )
    parts = [note_lines(notes, screen), strong_lines(summary, screen)]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _reasons(word: str, counts: Mapping[str, int]) -> list[str]:
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [f"{word}: {number:,} {reason}" for reason, number in ordered]
