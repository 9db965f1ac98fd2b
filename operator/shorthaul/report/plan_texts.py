"""A plan for people: its moves in waves, who stays and why, and what it is worth.

The form follows `terraform plan`: one line a move where the screen is wide enough, two where it is
not; names are never cut, since people copy them. It reports a plan and judges nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from shorthaul.plan.plans import Move, Plan, Refusal, Value
from shorthaul.report import places, quantities
from shorthaul.report.locality_bars import ROUTED, locality_lines
from shorthaul.report.note_texts import note_lines
from shorthaul.report.screens import (
    Cell,
    Row,
    Screen,
    Tone,
    name,
    printable,
    strong_lines,
    table,
    table_width,
    wrapped,
)
from shorthaul.topology.distances import Distances

SAMPLES = 3


def plan_text(plan: Plan, distances: Distances, notes: Sequence[str], screen: Screen) -> str:
    """The whole report of a plan."""
    parts = [
        move_lines(plan, distances, screen),
        routing_lines(plan, screen),
        refusal_lines(plan.refusals, screen),
        locality_lines(ROUTED, plan.locality.before, plan.locality.after, screen),
        value_lines(plan.value, screen),
        note_lines(notes, screen),
        strong_lines(summary(plan), screen),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def summary(plan: Plan) -> str:
    """The last line: moves, gain, who is not moved, and whether the search was cut short."""
    stay = f"{quantities.count(len(plan.refusals), 'pod')} not moved for a reason"
    if plan.time_limited:
        stay += "; the search was cut short by the time limit, more may be gained"
    if not plan.moves:
        return f"plan: no move is worth making; {stay}"
    waves = len({move.wave for move in plan.moves})
    gain = quantities.share_change(plan.value.before, plan.value.after)
    return (
        f"plan: {quantities.count(len(plan.moves), 'move')} in {quantities.count(waves, 'wave')}, "
        f"{gain} {plan.value.unit}; {stay}"
    )


def move_lines(plan: Plan, distances: Distances, screen: Screen) -> list[str]:
    """The moves by wave; waves follow each other, the moves of one go together."""
    entries = _entries([_move_row(move, distances, plan.value.unit) for move in plan.moves], screen)
    lines: list[str] = []
    for wave, members in groupby(zip(plan.moves, entries, strict=True), lambda pair: pair[0].wave):
        moves = [entry for _, entry in members]
        lines += [""] * bool(lines)
        lines.append(screen.paint(f"Wave {wave}", Tone.STRONG))
        lines += [line for entry in moves for line in entry]
    return lines


def _move_row(move: Move, distances: Distances, unit: str) -> list[Cell]:
    return [
        Cell("~", Tone.WARNING),
        Cell(name(str(move.pod))),
        Cell(places.route(move.source, move.target, distances)),
        Cell(quantities.change(0.0 - move.gain, unit), Tone.GOOD, right=True),
        Cell(printable(move.reason), Tone.QUIET),
    ]


def _entries(rows: Sequence[Row], screen: Screen) -> list[list[str]]:
    """Each move with as many columns on its first line as fit for all, the rest below."""
    kept = next((n for n in (5, 4, 3) if screen.fits(table_width([row[:n] for row in rows]))), 2)
    heads = table([row[:kept] for row in rows], screen)
    return [[head, *_rest(row[kept:], screen)] for head, row in zip(heads, rows, strict=True)]


def _rest(cells: Row, screen: Screen) -> list[str]:
    """Cells on one line where they fit, else each on its own."""
    if not cells:
        return []
    line = [replace(cell, right=False) for cell in cells]
    if screen.fits(table_width([line], indent=6)):
        return table([line], screen, indent=6)
    return [
        screen.paint(part, cell.tone)
        for cell in cells
        for part in wrapped(cell.text, screen, indent=6)
    ]


def routing_lines(plan: Plan, screen: Screen) -> list[str]:
    """What is recommended for Services, and what is refused, with the load that it would make."""
    if not plan.routing and not plan.routing_refusals:
        return []
    lines = [screen.paint("Routing: trafficDistribution of Services, after the moves", Tone.STRONG)]
    rows = [
        [
            Cell("~", Tone.WARNING),
            Cell(name(f"{one.namespace}/{one.service}")),
            Cell(f"{printable(one.before) or 'none'} -> {one.after}"),
            Cell(quantities.change(0.0 - one.gain, plan.value.unit), Tone.GOOD, right=True),
            Cell(f"an endpoint gets at most {one.load:.3g} x its fair share", Tone.QUIET),
        ]
        for one in plan.routing
    ]
    lines += [line for entry in _entries(rows, screen) for line in entry] if rows else []
    for refused in plan.routing_refusals:
        text = f"{refused.namespace}/{refused.service} not {refused.wanted}: "
        lines += wrapped(printable(text + refused.reason.message), screen, indent=2)
    return lines


def refusal_lines(refusals: Sequence[Refusal], screen: Screen) -> list[str]:
    """Who stays, by reason, the most frequent first, with a message and some pods each."""
    if not refusals:
        return []
    lines = [screen.paint(f"Not moved: {quantities.count(len(refusals), 'pod')}", Tone.STRONG)]
    for code, members in by_code(refusals):
        lines.append(f"  {screen.paint(printable(code), Tone.WARNING)}  {len(members):,}")
        lines += wrapped(printable(members[0].reason.message), screen, indent=6)
        pods = [name(str(member.pod)) for member in members]
        lines += [
            screen.paint(line, Tone.QUIET) for line in wrapped(_samples(pods), screen, indent=6)
        ]
    return lines


def by_code(refusals: Iterable[Refusal]) -> list[tuple[str, list[Refusal]]]:
    """Refusals by the code of their reason, the most frequent first."""
    found: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        found.setdefault(refusal.reason.code, []).append(refusal)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def _samples(pods: Sequence[str]) -> str:
    rest = len(pods) - SAMPLES
    return ", ".join(pods[:SAMPLES]) + (f" and {rest:,} more" if rest > 0 else "")


def value_lines(value: Value, screen: Screen) -> list[str]:
    """The objective before and after, and how far from the best it can be."""
    head = screen.paint(f"Objective: {value.objective}, in {value.unit}", Tone.STRONG)
    gain = quantities.share_change(value.before, value.after)
    rows = [
        [Cell("now"), _amount(value.before, value)],
        [Cell("after"), _amount(value.after, value), Cell(f"({gain})", Tone.GOOD)],
        [Cell("bound"), _amount(value.lower_bound, value)],
    ]
    bound = [
        screen.paint(line, Tone.QUIET) for line in wrapped(bound_text(value), screen, indent=2)
    ]
    return [head, *table(rows, screen), *bound]


def _amount(number: float, value: Value) -> Cell:
    return Cell(quantities.amount(number, value.unit), right=True)


def bound_text(value: Value) -> str:
    """What the lower bound says of the plan."""
    if value.after <= value.lower_bound:
        return f"bound: {value.bound_method}; the plan is optimal"
    above = (value.after - value.lower_bound) / value.after
    return (
        f"bound: {value.bound_method}; at most {quantities.share(above)} of what is left "
        f"can still be gained (assumes {value.bound_assumes})"
    )
