"""What one unit of traffic costs at each tier, and in which unit the result is told.

An objective becomes five numbers, one per tier, so that everything after this module is the same
for all objectives: `cost = rate x price of the tier`. Latency is such a number too, requests x
milliseconds; an edge with a latency target has five of its own, in which each millisecond above
the target counts its penalty more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.targets import Ends, LatencyTarget
from shorthaul.errors import BadInput
from shorthaul.topology.distances import Scale
from shorthaul.units import TIERS, Objective, Tier, Unit

HOURS_PER_MONTH = 730
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
BYTES_PER_GB = 10**9
UNITS: Mapping[Objective, str] = {
    Objective.BYTES: "bytes/s·distance",
    Objective.FLOWS: "flows/s·distance",
    Objective.COST: "dollars/month",
    Objective.LATENCY: "flows/s·ms",
}
_NEEDS: Mapping[Objective, Unit] = {
    Objective.BYTES: Unit.BYTES,
    Objective.FLOWS: Unit.FLOWS,
    Objective.COST: Unit.BYTES,
    Objective.LATENCY: Unit.FLOWS,
}
_MISSING: Mapping[Objective, str] = {
    Objective.COST: "objective cost needs a price per GB for each tier; give a Topology with "
    "prices",
    Objective.LATENCY: "objective latency needs milliseconds for each tier; give a Topology with "
    "latencies",
}


@dataclass(frozen=True, slots=True)
class Pricing:
    """The objective, its unit, and what one unit of rate costs per tier (never falling).

    `special` has the prices, in order of tier, of the edges that do not go by `tiers`.
    """

    objective: Objective
    unit: str
    tiers: Mapping[Tier, float]
    special: Mapping[Ends, tuple[float, ...]] = field(default_factory=dict)

    def of(self, edge: RoutedEdge) -> tuple[float, ...]:
        """What one unit of an edge's rate costs at each tier, in their order."""
        own = self.special.get((edge.client, edge.server))
        return own if own is not None else tuple(self.tiers[tier] for tier in TIERS)

    def aiming(self, targets: Mapping[Ends, Sequence[LatencyTarget]]) -> "Pricing":
        """The same where latency above a target costs more."""
        special = {
            ends: tuple(
                self.tiers[tier]
                + sum(
                    target.penalty * max(0.0, self.tiers[tier] - target.milliseconds)
                    for target in wanted
                )
                for tier in TIERS
            )
            for ends, wanted in targets.items()
        }
        return replace(self, special=special)


def unit_for(objective: Objective) -> Unit:
    """The unit of the rates that an objective counts."""
    return _NEEDS[objective]


def price(
    objective: Objective, unit: Unit, scale: Scale, prices: Mapping[Tier, float] | None
) -> Pricing:
    """Turns an objective into prices per tier.

    `prices` are dollars per GB for cost, milliseconds for latency, and not used else.
    """
    if unit is not _NEEDS[objective]:
        raise BadInput(
            f"objective {objective} needs rates in {_NEEDS[objective]}, the flows are in {unit}; "
            "give other flows or another objective"
        )
    if objective not in _MISSING:
        return Pricing(objective, UNITS[objective], dict(scale.distances))
    if prices is None:
        raise BadInput(_MISSING[objective])
    if objective is Objective.LATENCY:
        Scale({}, prices)  # The same rule as for distances: none missing, none falling.
        return Pricing(objective, UNITS[objective], {tier: prices[tier] for tier in TIERS})
    return Pricing(objective, UNITS[objective], _monthly(prices))


def _monthly(prices: Mapping[Tier, float]) -> Mapping[Tier, float]:
    Scale({}, prices)  # The same rule as for distances: none missing, none falling.
    return {tier: prices[tier] * SECONDS_PER_MONTH / BYTES_PER_GB for tier in TIERS}
