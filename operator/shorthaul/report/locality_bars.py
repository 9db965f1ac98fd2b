"""How much of the traffic stays how near, as bars: now, and after the plan when there is one.

The title says how that is known. A plan and a score tell what the routing of Services makes of a
placement, before as after, so that both can be compared; a map tells what was seen.
"""

from collections.abc import Collection, Mapping

from shorthaul.report import quantities
from shorthaul.report.maps import TiersBy
from shorthaul.report.screens import Cell, Screen, Tone, bar, table
from shorthaul.units import TIERS, Tier

ROUTED = (TiersBy.ROUTED,)
_BAR_WIDTH = 20


def heading(known_by: Collection[TiersBy]) -> str:
    """The title of shares by tier, with how the tiers are known."""
    ways = " or ".join(way for way in TiersBy if way in known_by)
    title = "Share of traffic by the smallest tier that both ends share"
    return f"{title}, as {ways}" if ways else title


def locality_lines(
    known_by: Collection[TiersBy],
    before: Mapping[Tier, float],
    after: Mapping[Tier, float] | None,
    screen: Screen,
) -> list[str]:
    """One line per tier, with the share and its change."""
    head = [Cell(""), Cell("now", Tone.QUIET)]
    if after is not None:
        head += [Cell(""), Cell("after", Tone.QUIET), Cell("")]
    rows = [head, *(_tier_row(tier, before, after) for tier in TIERS)]
    return [screen.paint(heading(known_by), Tone.STRONG), *table(rows, screen)]


def _tier_row(
    tier: Tier, before: Mapping[Tier, float], after: Mapping[Tier, float] | None
) -> list[Cell]:
    row = [Cell(str(tier)), *_measure(before.get(tier, 0.0), Tone.QUIET)]
    if after is not None:
        row += _measure(after.get(tier, 0.0), Tone.MARK)
    return row


def _measure(part: float, tone: Tone) -> list[Cell]:
    return [Cell(bar(part, _BAR_WIDTH), tone), Cell(quantities.share(part), right=True)]
