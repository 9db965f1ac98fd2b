"""A score for people and for programs: cost and locality, now and after the moves of a plan."""

from collections.abc import Mapping, Sequence
from typing import Any

from shorthaul.plan.scores import Score
from shorthaul.report import quantities
from shorthaul.report.locality_bars import ROUTED, locality_lines
from shorthaul.report.note_texts import note_lines
from shorthaul.report.screens import Cell, Screen, Tone, strong_lines, table
from shorthaul.units import TIERS, Tier


def score_text(found: Score, moves: int | None, notes: Sequence[str], screen: Screen) -> str:
    """The whole report; `moves` is None when there is no plan."""
    after = None if moves is None else found.locality.after
    parts = [
        locality_lines(ROUTED, found.locality.before, after, screen),
        _cost_lines(found, moves, screen),
        note_lines(notes, screen),
        strong_lines(_summary(found, moves), screen),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _cost_lines(found: Score, moves: int | None, screen: Screen) -> list[str]:
    rows = [[Cell("now"), Cell(quantities.amount(found.before, found.unit), right=True)]]
    if moves is not None:
        gain = quantities.share_change(found.before, found.after)
        after = Cell(quantities.amount(found.after, found.unit), right=True)
        rows.append([Cell("after"), after, Cell(f"({gain})", Tone.GOOD)])
    return [screen.paint(f"Cost, in {found.unit}", Tone.STRONG), *table(rows, screen)]


def _summary(found: Score, moves: int | None) -> str:
    if moves is None:
        return f"score: {quantities.amount(found.before, found.unit)} as it is"
    gain = quantities.share_change(found.before, found.after)
    return f"score: {quantities.count(moves, 'move')}, {gain} {found.unit}"


def score_object(found: Score, moves: int | None, notes: Sequence[str]) -> Mapping[str, Any]:
    """The score as plain values; `after` is null without a plan."""
    planned = moves is not None
    return {
        "unit": found.unit,
        "before": found.before,
        "after": found.after if planned else None,
        "locality": {
            "before": _shares(found.locality.before),
            "after": _shares(found.locality.after) if planned else None,
        },
        "moves": moves,
        "notes": list(notes),
    }


def _shares(shares: Mapping[Tier, float]) -> Mapping[str, float]:
    return {str(tier): shares[tier] for tier in TIERS}
