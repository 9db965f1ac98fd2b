"""How much of the traffic stays how near, as bars: now, and after the plan when there is one."""

from collections.abc import Mapping

from shorthaul.report import quantities
from shorthaul.report.screens import Cell, Screen, Tone, bar, table
from shorthaul.units import TIERS, Tier

HEADING = "Share of traffic by the smallest tier that both ends share"
_BAR_WIDTH = 20


def locality_lines(
    before: Mapping[Tier, float], after: Mapping[Tier, float] | None, screen: Screen
) -> list[str]:
    """One line per tier, with the share and its change."""
    head = [Cell(""), Cell("now", Tone.QUIET)]
    if after is not None:
        head += [Cell(""), Cell("after", Tone.QUIET), Cell("")]
    rows = [head, *(_tier_row(tier, before, after) for tier in TIERS)]
    return [screen.paint(HEADING, Tone.STRONG), *table(rows, screen)]


def _tier_row(
    tier: Tier, before: Mapping[Tier, float], after: Mapping[Tier, float] | None
) -> list[Cell]:
    row = [Cell(str(tier)), *_measure(before.get(tier, 0.0), Tone.QUIET)]
    if after is not None:
        row += _measure(after.get(tier, 0.0), Tone.MARK)
    return row


def _measure(part: float, tone: Tone) -> list[Cell]:
    return [Cell(bar(part, _BAR_WIDTH), tone), Cell(quantities.share(part), right=True)]
