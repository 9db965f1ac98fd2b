"""Objectives as prices per tier."""

import pytest

from shorthaul.errors import BadInput
from shorthaul.solve.pricings import price
from shorthaul.topology.distances import DEFAULT_SCALE
from shorthaul.units import TIERS, Objective, Tier, Unit

PRICES = dict(zip(TIERS, (0.0, 0.0, 0.01, 0.02, 0.09), strict=True))


def test_cost_is_dollars_of_a_month_of_730_hours():
    pricing = price(Objective.COST, Unit.BYTES, DEFAULT_SCALE, PRICES)

    gigabytes = 730 * 3600 * 1e6 / 1e9
    assert pricing.tiers[Tier.REGION] * 1e6 == pytest.approx(0.02 * gigabytes)
    assert pricing.unit == "dollars/month"


def test_bytes_and_flows_are_priced_by_distance():
    pricing = price(Objective.FLOWS, Unit.FLOWS, DEFAULT_SCALE, None)

    assert DEFAULT_SCALE.distances == pricing.tiers
    assert pricing.unit == "flows/s·distance"


@pytest.mark.parametrize(
    ("objective", "unit", "prices", "said"),
    [
        (Objective.LATENCY, Unit.BYTES, None, "not there yet"),
        (Objective.BYTES, Unit.FLOWS, None, "rates in bytes/s"),
        (Objective.COST, Unit.BYTES, None, "price per GB"),
        (Objective.COST, Unit.BYTES, {Tier.HOST: 1.0}, "no distance for tier rack"),
    ],
)
def test_what_cannot_be_priced_is_said_in_one_line(objective, unit, prices, said):
    with pytest.raises(BadInput, match=said):
        price(objective, unit, DEFAULT_SCALE, prices)
