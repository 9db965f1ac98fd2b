"""The traffic map for people: tiers, then who talks to whom, the largest first, then routings.

`±` is half the 95 % interval around a rate, both ways, as a share of it, where that is known.
The title says whether tiers are as observed or as routed; where edges differ in that, each says it.
Without a cluster only places outside have tiers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shorthaul.report import quantities
from shorthaul.report.locality_bars import locality_lines
from shorthaul.report.maps import MapEdge, TrafficMap
from shorthaul.report.note_texts import note_lines
from shorthaul.report.routing_texts import routing_lines
from shorthaul.report.screens import Cell, Row, Screen, Tone, name, strong_lines, table, table_width
from shorthaul.traffic.graphs import Edge
from shorthaul.units import TIERS


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the edges of a map have columns for, beside rates and shares."""

    traffic: TrafficMap
    tiered: bool
    mixed: bool
    errors: bool


def map_text(traffic: TrafficMap, notes: Sequence[str], screen: Screen) -> str:
    """The whole map."""
    parts = [
        locality_lines(traffic.tiers_by, traffic.shares, None, screen) if traffic.shares else [],
        edge_lines(traffic, screen),
        routing_lines("How each server is routed to", traffic.routings or {}, None, screen),
        note_lines(notes, screen),
        strong_lines(summary(traffic), screen),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def summary(traffic: TrafficMap) -> str:
    """The last line."""
    ends = {end for item in traffic.edges for end in (item.edge.client, item.edge.server)}
    return (
        f"map: {quantities.count(len(traffic.edges), 'edge')} between "
        f"{quantities.count(len(ends), 'end')}, "
        f"{quantities.amount(traffic.rate, traffic.unit)} in all"
    )


def edge_lines(traffic: TrafficMap, screen: Screen) -> list[str]:
    """One line an edge, or two where the screen is narrow."""
    if not traffic.edges:
        return []
    ways = traffic.tiers_by
    tiered, mixed = traffic.shares is not None or bool(ways), len(ways) > 1
    shown = _Shown(traffic, tiered, mixed, any(item.edge.error for item in traffic.edges))
    rows = [_head(shown), *(_row(item, shown) for item in traffic.edges)]
    if screen.fits(table_width(rows)):
        return table(rows, screen)
    numbers = table([row[2:] for row in rows], screen, indent=6)
    lines = [numbers[0]]
    for row, line in zip(rows[1:], numbers[1:], strict=True):
        lines += [f"  {row[0].text} {row[1].text}", line]
    return lines


def _head(shown: _Shown) -> Row:
    titles = ["sent", "answered", *(["±"] if shown.errors else []), "share"]
    if shown.tiered:
        titles += [str(tier) for tier in TIERS]
    if shown.mixed:
        titles.append("as")
    return [
        Cell("client", Tone.QUIET),
        Cell("→ server", Tone.QUIET),
        *(Cell(title, Tone.QUIET, right=True) for title in titles),
    ]


def _row(item: MapEdge, shown: _Shown) -> Row:
    edge, traffic = item.edge, shown.traffic
    row = [
        Cell(name(str(edge.client))),
        Cell(f"→ {name(str(edge.server))}"),
        Cell(quantities.amount(edge.forward, traffic.unit), right=True),
        Cell(quantities.amount(edge.backward, traffic.unit), right=True),
        *([_error_cell(edge)] if shown.errors else []),
        Cell(quantities.share(edge.rate / traffic.rate if traffic.rate else 0.0), right=True),
    ]
    if shown.tiered:
        row += _tier_cells(item)
    if shown.mixed:
        row.append(Cell(item.tiers_by or "?", Tone.QUIET, right=True))
    return row


def _error_cell(edge: Edge) -> Cell:
    """Half the 95 % interval around both ways together, as a share of these."""
    if edge.error is None or not edge.rate:
        return Cell("?", Tone.QUIET, right=True)
    return Cell(quantities.share(edge.error.margin / edge.rate), right=True)


def _tier_cells(item: MapEdge) -> list[Cell]:
    if item.tiers is None:
        return [Cell("?", Tone.QUIET, right=True) for _ in TIERS]
    total = sum(item.tiers.values())
    parts = [item.tiers[tier] / total if total else 0.0 for tier in TIERS]
    return [
        Cell(f"{part * 100:.0f} %" if part else "·", Tone.PLAIN if part else Tone.QUIET, right=True)
        for part in parts
    ]
