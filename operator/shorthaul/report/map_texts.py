"""The traffic map for people: tiers, then who talks to whom, the largest first, then routings.

The title says whether tiers are as observed or as routed; where edges differ in that, each says it.
Without a cluster only places outside have tiers.
"""

from collections.abc import Sequence

from shorthaul.report import quantities
from shorthaul.report.locality_bars import locality_lines
from shorthaul.report.maps import MapEdge, TrafficMap
from shorthaul.report.note_texts import note_lines
from shorthaul.report.routing_texts import routing_lines
from shorthaul.report.screens import Cell, Row, Screen, Tone, name, strong_lines, table, table_width
from shorthaul.units import TIERS


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
    rows = [_head(tiered, mixed), *(_row(item, traffic, tiered, mixed) for item in traffic.edges)]
    if screen.fits(table_width(rows)):
        return table(rows, screen)
    numbers = table([row[2:] for row in rows], screen, indent=6)
    lines = [numbers[0]]
    for row, line in zip(rows[1:], numbers[1:], strict=True):
        lines += [f"  {row[0].text} {row[1].text}", line]
    return lines


def _head(tiered: bool, mixed: bool) -> Row:
    titles = ["sent", "answered", "share"]
    if tiered:
        titles += [str(tier) for tier in TIERS]
    if mixed:
        titles.append("as")
    return [
        Cell("client", Tone.QUIET),
        Cell("→ server", Tone.QUIET),
        *(Cell(title, Tone.QUIET, right=True) for title in titles),
    ]


def _row(item: MapEdge, traffic: TrafficMap, tiered: bool, mixed: bool) -> Row:
    edge = item.edge
    row = [
        Cell(name(str(edge.client))),
        Cell(f"→ {name(str(edge.server))}"),
        Cell(quantities.amount(edge.forward, traffic.unit), right=True),
        Cell(quantities.amount(edge.backward, traffic.unit), right=True),
        Cell(quantities.share(edge.rate / traffic.rate if traffic.rate else 0.0), right=True),
    ]
    if tiered:
        row += _tier_cells(item)
    if mixed:
        row.append(Cell(item.tiers_by or "?", Tone.QUIET, right=True))
    return row


def _tier_cells(item: MapEdge) -> list[Cell]:
    if item.tiers is None:
        return [Cell("?", Tone.QUIET, right=True) for _ in TIERS]
    total = sum(item.tiers.values())
    parts = [item.tiers[tier] / total if total else 0.0 for tier in TIERS]
    return [
        Cell(f"{part * 100:.0f} %" if part else "·", Tone.PLAIN if part else Tone.QUIET, right=True)
        for part in parts
    ]
