"""What one unit of traffic costs at each tier, and in which unit the result is told.

An objective becomes five numbers, one per tier, so that everything after this module is the same
for all objectives: `cost = rate x price of the tier`. Latency is a later objective and is refused
here, in one place.
"""

from collections.abc import Mapping
from dataclasses import dataclass

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
}
_NEEDS: Mapping[Objective, Unit] = {
    Objective.BYTES: Unit.BYTES,
    Objective.FLOWS: Unit.FLOWS,
    Objective.COST: Unit.BYTES,
}


@dataclass(frozen=True, slots=True)
class Pricing:
    """The objective, its unit, and what one unit of rate costs per tier (never falling)."""

    objective: Objective
    unit: str
    tiers: Mapping[Tier, float]


def price(
    objective: Objective, unit: Unit, scale: Scale, prices: Mapping[Tier, float] | None
) -> Pricing:
    """Turns an objective into prices per tier; `prices` are dollars per GB, for cost only."""
    if objective is Objective.LATENCY:
        raise BadInput("objective latency is not there yet; use bytes, flows or cost")
    if unit is not _NEEDS[objective]:
        raise BadInput(
            f"objective {objective} needs rates in {_NEEDS[objective]}, the flows are in {unit}; "
            "give other flows or another objective"
        )
    if objective is not Objective.COST:
        return Pricing(objective, UNITS[objective], dict(scale.distances))
    if prices is None:
        raise BadInput(
            "objective cost needs a price per GB for each tier; give a Topology with prices"
        )
    return Pricing(objective, UNITS[objective], _monthly(prices))


def _monthly(prices: Mapping[Tier, float]) -> Mapping[Tier, float]:
    Scale({}, prices)  # The same rule as for distances: none missing, none falling.
    return {tier: prices[tier] * SECONDS_PER_MONTH / BYTES_PER_GB for tier in TIERS}
