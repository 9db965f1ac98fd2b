"""Which latency of each tier plans are made with: what was adopted last, until it surely changed.

Measurements are never twice the same, and a plan that followed each would move pods for noise. So
an estimate is adopted only when as many as `persistence` in a row lie outside the band around what
is adopted, all on the same side; their median is then taken, rounded. One estimate within the band,
or on the other side, begins the count anew. A tier without an estimate keeps what it has: whether
what was measured is too old is not decided here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median_low

from shorthaul.units import TIERS, Tier

SIGNIFICANT_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """How far and for how many estimates a latency has to be off to be replaced."""

    persistence: int = 5
    band_ratio: float = 0.25
    band_milliseconds: float = 0.1


@dataclass(frozen=True, slots=True)
class Adoption:
    """Milliseconds in force by tier, and the estimates in a row that speak against them."""

    adopted: Mapping[Tier, float] = field(default_factory=dict)
    against: Mapping[Tier, tuple[float, ...]] = field(default_factory=dict)

    def with_estimates(self, estimates: Mapping[Tier, float], rules: Rules) -> "Adoption":
        """What is in force once these estimates have been heard too."""
        adopted, against = dict(self.adopted), dict(self.against)
        for tier in TIERS:
            if tier not in estimates:
                continue
            heard = _against(adopted.get(tier), against.pop(tier, ()), estimates[tier], rules)
            if len(heard) >= rules.persistence:
                adopted[tier] = rounded(median_low(heard))
            elif heard:
                against[tier] = heard
        return Adoption(adopted, against)


def rounded(milliseconds: float) -> float:
    """To two significant digits, and to a hundredth of a millisecond at finest."""
    if milliseconds <= 0:
        return 0.0
    digits = SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(milliseconds))
    return round(milliseconds, min(digits, 2))


def _against(
    adopted: float | None, before: tuple[float, ...], estimate: float, rules: Rules
) -> tuple[float, ...]:
    """The estimates in a row that speak against what is adopted, with the newest."""
    if adopted is None:
        return (*before, estimate)
    band = max(rules.band_milliseconds, rules.band_ratio * adopted)
    if abs(estimate - adopted) <= band:
        return ()
    same_side = all((each > adopted) == (estimate > adopted) for each in before)
    return (*before, estimate) if same_side else (estimate,)
