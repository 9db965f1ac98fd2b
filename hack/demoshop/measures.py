"""Before and after, from the player's own account and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from demoshop import truths


@dataclass(frozen=True, slots=True)
class Measure:
    """How far traffic travelled in some stretch of time; costs are packets/s times distance."""

    seconds: float
    packets: int
    shares: Mapping[str, float]
    cost: float

    @property
    def rate(self) -> float:
        """Return packets per second."""
        return self.packets / self.seconds if self.seconds else 0.0

    @property
    def mean_distance(self) -> float:
        """Return how far a packet travelled on average."""
        return self.cost / self.rate if self.packets else 0.0


def measure(
    entries: Iterable[truths.Entry], distances: Mapping[str, float], start: float, end: float
) -> Measure:
    """Return the measure of the entries that lie wholly between two times."""
    chosen = [one for one in entries if one.start >= start and one.start + one.seconds <= end]
    whole = truths.total(chosen)
    by_tier = whole.by_tier()
    packets = sum(by_tier.values())
    weighted = sum(count * distances[tier] for tier, count in by_tier.items())
    return Measure(
        whole.seconds,
        packets,
        {tier: count / packets if packets else 0.0 for tier, count in by_tier.items()},
        weighted / whole.seconds if whole.seconds else 0.0,
    )


def gain_percent(before: Measure, after: Measure) -> float:
    """Return by how many percent the mean distance fell; negative when it rose."""
    if before.mean_distance == 0:
        return 0.0
    return 100 * (1 - after.mean_distance / before.mean_distance)


def edges(
    entries: Iterable[truths.Entry], start: float, end: float
) -> dict[tuple[str, str], dict[str, float]]:
    """Return packets per second by client, server and tier, between two times."""
    chosen = [one for one in entries if one.start >= start and one.start + one.seconds <= end]
    whole = truths.total(chosen)
    found: dict[tuple[str, str], dict[str, float]] = {}
    for (client, server, tier), count in whole.packets.items():
        tiers = found.setdefault((client, server), dict.fromkeys(truths.TIERS, 0.0))
        tiers[tier] += count / whole.seconds
    return found
