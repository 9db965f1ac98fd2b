"""Gain against the number of moves, for people and for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from shorthaul.plan.frontiers import Frontier, Stop
from shorthaul.report import quantities
from shorthaul.report.note_texts import note_lines
from shorthaul.report.pages import Curve
from shorthaul.report.screens import Cell, Row, Screen, Tone, bar, strong_lines, table

_BAR_WIDTH = 24
LIMITED = "the search was cut short by the time limit; more may be gained"


def frontier_text(found: Frontier, notes: Sequence[str], screen: Screen) -> str:
    """The whole report."""
    head = screen.paint(f"Best gain for at most so many moves, in {found.unit}", Tone.STRONG)
    titles = ("moves", "gain", "", "of the most", "a move")
    rows: list[Row] = [[Cell(title, Tone.QUIET, right=True) for title in titles]]
    before = found.stops[0]
    for stop in found.stops:
        rows.append(_row(stop, before, found))
        before = stop
    parts = [
        [head, *table(rows, screen)],
        note_lines([*notes, *([LIMITED] if found.time_limited else [])], screen),
        strong_lines(_summary(found), screen),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _row(stop: Stop, before: Stop, found: Frontier) -> Row:
    share = share_of(stop, found)
    each = (stop.gain - before.gain) / max(1, stop.moves - before.moves)
    knee = stop == found.knee and stop.moves > 0
    row = [
        Cell(f"{stop.moves:,}", right=True),
        Cell(quantities.amount(stop.gain, found.unit), Tone.GOOD, right=True),
        Cell(bar(share, _BAR_WIDTH), Tone.MARK),
        Cell(quantities.share(share), right=True),
        Cell(quantities.amount(each, found.unit), right=True),
    ]
    return [*row, Cell("← knee", Tone.WARNING)] if knee else row


def share_of(stop: Stop, found: Frontier) -> float:
    """The share of the largest gain."""
    most = found.stops[-1].gain
    return stop.gain / most if most > 0 else 0.0


def _summary(found: Frontier) -> str:
    last = found.stops[-1]
    if last.moves == 0:
        return "frontier: no move is worth making"
    share = quantities.share(share_of(found.knee, found))
    return (
        f"frontier: {quantities.count(found.knee.moves, 'move')} give {share} of what "
        f"{quantities.count(last.moves, 'move')} give"
    )


def frontier_object(found: Frontier, notes: Sequence[str]) -> Mapping[str, Any]:
    """The frontier as plain values."""
    return {
        "unit": found.unit,
        "points": [_point(stop) for stop in found.stops],
        "knee": _point(found.knee),
        "timeLimited": found.time_limited,
        "notes": list(notes),
    }


def _point(stop: Stop) -> Mapping[str, float]:
    return {"moves": stop.moves, "cost": stop.cost, "gain": stop.gain}


def curve_of(found: Frontier) -> Curve | None:
    """The frontier as the page draws it; None when nothing can be gained."""
    if found.stops[-1].moves == 0:
        return None
    points = tuple((stop.moves, share_of(stop, found)) for stop in found.stops)
    return Curve(points, (found.knee.moves, share_of(found.knee, found)))
