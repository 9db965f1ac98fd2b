"""Drawings of the page as inline SVG: stacked bars of locality, the curve of gain against moves.

Each says in words what it shows (title and description), for who cannot see it; the numbers are
in tables beside it, so a drawing may round.
"""

from collections.abc import Mapping, Sequence
from html import escape

from shorthaul.report import quantities
from shorthaul.report.page_styles import TIER_COLOURS
from shorthaul.units import TIERS, Tier

WIDTH = 720
LABEL_WIDTH = 60
BAR_HEIGHT = 34
BAR_GAP = 12
LEAST_LABELLED_SHARE = 0.13
CURVE_HEIGHT = 240
MARGIN = 48
DARK_TIERS = (Tier.HOST, Tier.RACK, Tier.BEYOND)

Point = tuple[int, float]


def stacked_bars(bars: Sequence[tuple[str, Mapping[Tier, float]]]) -> str:
    """One bar per placement, divided by tier."""
    height = len(bars) * (BAR_HEIGHT + BAR_GAP)
    words = "; ".join(
        f"{label}: " + ", ".join(f"{tier} {quantities.share(shares[tier])}" for tier in TIERS)
        for label, shares in bars
    )
    inner = "".join(
        _bar(label, shares, index * (BAR_HEIGHT + BAR_GAP))
        for index, (label, shares) in enumerate(bars)
    )
    return _drawing(height, "Share of traffic per tier", words, inner)


def _bar(label: str, shares: Mapping[Tier, float], top: int) -> str:
    middle = top + BAR_HEIGHT // 2 + 5
    parts = [f'<text x="0" y="{middle}">{escape(label)}</text>']
    left = float(LABEL_WIDTH)
    for tier in TIERS:
        width = shares[tier] * (WIDTH - LABEL_WIDTH)
        if width <= 0:
            continue
        parts.append(
            f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{BAR_HEIGHT}" '
            f'fill="{TIER_COLOURS[tier]}"/>'
        )
        if shares[tier] >= LEAST_LABELLED_SHARE:
            ink = "#ffffff" if tier in DARK_TIERS else "#1c2430"
            parts.append(
                f'<text x="{left + width / 2:.1f}" y="{middle}" text-anchor="middle" '
                f'style="fill:{ink}">{tier} {shares[tier] * 100:.0f} %</text>'
            )
        left += width
    return "".join(parts)


def curve(points: Sequence[Point], knee: Point | None) -> str:
    """Gain, as a share of the best, against the number of moves; the knee is marked."""
    most = max((moves for moves, _ in points), default=0) or 1

    def place(point: Point) -> tuple[float, float]:
        left = MARGIN + point[0] / most * (WIDTH - 2 * MARGIN)
        return left, CURVE_HEIGHT - MARGIN - point[1] * (CURVE_HEIGHT - 2 * MARGIN)

    line = " ".join("{:.1f},{:.1f}".format(*place(point)) for point in points)
    inner = [_axes(most), f'<polyline class="curve" points="{line}"/>']
    if knee is not None:
        left, top = place(knee)
        inner.append(f'<circle class="knee" cx="{left:.1f}" cy="{top:.1f}" r="5"/>')
        inner.append(
            f'<text x="{left + 9:.1f}" y="{top + 18:.1f}">knee: {knee[0]} moves, '
            f"{knee[1] * 100:.0f} %</text>"
        )
    words = ", ".join(f"{moves} moves {quantities.share(gain)}" for moves, gain in points)
    return _drawing(CURVE_HEIGHT, "Share of the gain by number of moves", words, "".join(inner))


def _axes(most: int) -> str:
    bottom, right = CURVE_HEIGHT - MARGIN, WIDTH - MARGIN
    return (
        f'<path class="axis" d="M{MARGIN} {MARGIN}V{bottom}H{right}"/>'
        f'<text x="{MARGIN - 6}" y="{MARGIN + 5}" text-anchor="end">100 %</text>'
        f'<text x="{MARGIN - 6}" y="{bottom + 5}" text-anchor="end">0</text>'
        f'<text x="{right}" y="{bottom + 18}" text-anchor="end">{most} moves</text>'
    )


def _drawing(height: int, title: str, words: str, inner: str) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>{inner}</svg>"
    )
