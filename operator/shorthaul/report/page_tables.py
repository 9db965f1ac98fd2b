"""The tables of the page: moves, tiers, heat maps, refusals; every outside text is escaped."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from shorthaul.plan.plans import Move, Plan, Refusal
from shorthaul.report import places, quantities
from shorthaul.report.locality_bars import ROUTED, heading
from shorthaul.report.matrices import Matrix
from shorthaul.report.page_styles import TIER_COLOURS
from shorthaul.report.screens import name, printable
from shorthaul.topology.distances import Distances
from shorthaul.units import TIERS, Tier

DEEPEST_HEAT = 0.5
Title = tuple[str, str]


def html_table(
    caption: str, head: Sequence[Title], rows: Iterable[Sequence[str]], kind: str = ""
) -> str:
    """A table of cells that are HTML already; the first cell of a row names it."""
    titles = "".join(f'<th scope="col"{_class(mark)}>{escape(title)}</th>' for title, mark in head)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table{_class(kind)}><caption>{escape(caption)}</caption>'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def text_cell(text: str, kind: str = "") -> str:
    """A cell with text from outside."""
    return f"<td{_class(kind)}>{escape(printable(text))}</td>"


def row_head(text: str, kind: str = "name") -> str:
    """The cell that names its row."""
    return f'<th scope="row"{_class(kind)}>{escape(name(text))}</th>'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def move_table(plan: Plan, distances: Distances) -> str:
    """All moves, by wave."""
    return html_table(
        "Waves follow each other; the moves of one wave go together.",
        (("Pod", ""), ("Wave", "number"), ("From → to", ""), ("Gain", "number"), ("Why", "")),
        (_move_row(move, distances, plan.value.unit) for move in plan.moves),
    )


def _move_row(move: Move, distances: Distances, unit: str) -> list[str]:
    return [
        row_head(str(move.pod)),
        text_cell(str(move.wave), "number"),
        text_cell(places.route(move.source, move.target, distances), "name"),
        text_cell(quantities.change(0.0 - move.gain, unit), "number gain"),
        text_cell(move.reason),
    ]


def routing_table(plan: Plan) -> str:
    """What is recommended for Services."""
    return html_table(
        "The trafficDistribution that gains most after the moves; loads in fair shares.",
        (("Service", ""), ("From → to", ""), ("Gain", "number"), ("Largest load", "number")),
        (
            [
                row_head(f"{one.namespace}/{one.service}"),
                text_cell(f"{one.before or 'none'} → {one.after}", "name"),
                text_cell(quantities.change(0.0 - one.gain, plan.value.unit), "number gain"),
                text_cell(f"{one.load:.3g}", "number"),
            ]
            for one in plan.routing
        ),
    )


def tier_table(bars: Sequence[tuple[str, Mapping[Tier, float]]]) -> str:
    """The numbers behind the stacked bars, and their legend."""
    return html_table(
        f"{heading(ROUTED)}.",
        (("Tier", ""), *((label, "number") for label, _ in bars)),
        (
            [
                f'<th scope="row"><span class="swatch" style="background:{TIER_COLOURS[tier]}">'
                f"</span>{tier}</th>",
                *(text_cell(quantities.share(shares[tier]), "number") for _, shares in bars),
            ]
            for tier in TIERS
        ),
    )


def heat_table(label: str, matrix: Matrix, unit: str, largest: float) -> str:
    """A heat map whose cells are coloured by rate and say it."""
    return html_table(
        f"{label}: traffic from the client's {matrix.tier} (row) to the server's (column).",
        (("", ""), *((group, "number") for group in matrix.groups)),
        (
            [
                row_head(client, "code"),
                *(
                    _heat(matrix.rates.get((client, server), 0.0), unit, largest)
                    for server in matrix.groups
                ),
            ]
            for client in matrix.groups
        ),
        "heat",
    )


def _heat(rate: float, unit: str, largest: float) -> str:
    if rate <= 0 or largest <= 0:
        return '<td class="quiet">·</td>'
    depth = rate / largest * DEEPEST_HEAT
    return (
        f'<td style="background:rgba(var(--mark),{depth:.3f})">'
        f"{escape(quantities.amount(rate, unit))}</td>"
    )


def refusal_table(groups: Sequence[tuple[str, Sequence[Refusal]]], samples: int) -> str:
    """Who stays, by reason, with a message and some pods each."""
    return html_table(
        "One example each; the whole list is in the JSON form of the plan.",
        (("Reason", ""), ("Pods", "number"), ("For example", ""), ("Which", "")),
        (
            [
                row_head(code, "code"),
                text_cell(f"{len(members):,}", "number"),
                text_cell(members[0].reason.message),
                text_cell(", ".join(str(member.pod) for member in members[:samples]), "name"),
            ]
            for code, members in groups
        ),
    )


def pair_table(caption: str, pairs: Mapping[str, str]) -> str:
    """Names and values, as the inputs of a plan."""
    return html_table(
        caption,
        (("Input", ""), ("Value", "")),
        ([row_head(key, "code"), text_cell(pairs[key], "name")] for key in sorted(pairs)),
    )
