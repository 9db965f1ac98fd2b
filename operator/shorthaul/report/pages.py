"""The plan as one page: a single file without scripts or outside assets, for mail and archives.

It shows what the text shows, with drawings beside the numbers. The same plan gives the same page,
byte for byte: there is no time of day in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from shorthaul.plan.plans import Plan
from shorthaul.report import drawings, page_tables, quantities
from shorthaul.report.matrices import Matrix
from shorthaul.report.page_styles import STYLE_SHEET
from shorthaul.report.plan_texts import SAMPLES, bound_text, by_code, summary
from shorthaul.report.screens import printable
from shorthaul.topology.distances import Distances


@dataclass(frozen=True, slots=True)
class Heat:
    """The traffic between groups of nodes, now and after the plan, in the graph's unit."""

    before: Matrix
    after: Matrix
    unit: str


@dataclass(frozen=True, slots=True)
class Curve:
    """The frontier: share of the whole gain by number of moves, and its knee."""

    points: tuple[drawings.Point, ...]
    knee: drawings.Point | None


def page(
    plan: Plan,
    distances: Distances,
    notes: Sequence[str],
    heat: Heat | None,
    curve: Curve | None,
) -> str:
    """The whole page."""
    parts = [
        f"<h1>Shorthaul plan</h1><p>{escape(summary(plan))}</p>",
        _figures(plan),
        _section("Locality", _locality(plan)),
        _section("Moves", page_tables.move_table(plan, distances) if plan.moves else ""),
        _section("Routing", page_tables.routing_table(plan) if plan.routing else ""),
        _section("Routing not recommended", _refused_routing(plan)),
        _section("Traffic between places", _heat(heat) if heat else ""),
        _section("Gain by number of moves", _curve(curve) if curve else ""),
        _section("Not moved", _refusals(plan)),
        _section("Notes", _notes(notes)),
        _section(
            "Inputs",
            page_tables.pair_table("From these the plan can be computed again.", plan.inputs),
        ),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Shorthaul plan</title><style>{STYLE_SHEET}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>" if body else ""


def _figures(plan: Plan) -> str:
    value = plan.value
    figures = (
        ("Moves", f"{len(plan.moves):,}"),
        ("Now", quantities.amount(value.before, value.unit)),
        ("After", quantities.amount(value.after, value.unit)),
        ("Change", quantities.share_change(value.before, value.after)),
        ("No placement below", quantities.amount(value.lower_bound, value.unit)),
        ("Not moved", f"{len(plan.refusals):,}"),
    )
    items = "".join(
        f"<div><dt>{escape(term)}</dt><dd>{escape(text)}</dd></div>" for term, text in figures
    )
    return f'<dl class="figures">{items}</dl><p class="quiet">{escape(bound_text(value))}</p>'


def _locality(plan: Plan) -> str:
    bars = [("now", plan.locality.before), ("after", plan.locality.after)]
    return drawings.stacked_bars(bars) + page_tables.tier_table(bars)


def _heat(heat: Heat) -> str:
    largest = max(heat.before.largest, heat.after.largest)
    tables = [
        page_tables.heat_table(label, matrix, heat.unit, largest)
        for label, matrix in (("Now", heat.before), ("After", heat.after))
    ]
    return f'<div class="pair">{"".join(tables)}</div>'


def _curve(curve: Curve) -> str:
    return drawings.curve(curve.points, curve.knee)


def _refusals(plan: Plan) -> str:
    return page_tables.refusal_table(by_code(plan.refusals), SAMPLES) if plan.refusals else ""


def _refused_routing(plan: Plan) -> str:
    return _notes(
        [
            f"{one.namespace}/{one.service} {one.wanted}: {one.reason.message}"
            for one in plan.routing_refusals
        ]
    )


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(printable(note))}</li>" for note in notes)
    return f"<ul>{items}</ul>" if items else ""
