"""Objectives as prices per tier."""

from dataclasses import replace

import pytest

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.targets import LatencyTarget
from shorthaul.errors import BadInput
from shorthaul.solve.pricings import price
from shorthaul.topology.distances import DEFAULT_SCALE
from shorthaul.units import TIERS, Namespace, Objective, Routing, Tier, Unit, WorkloadRef

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
        (Objective.LATENCY, Unit.BYTES, None, "rates in flows/s"),
        (Objective.LATENCY, Unit.FLOWS, None, "needs milliseconds for each tier"),
        (Objective.BYTES, Unit.FLOWS, None, "rates in bytes/s"),
        (Objective.COST, Unit.BYTES, None, "price per GB"),
        (Objective.COST, Unit.BYTES, {Tier.HOST: 1.0}, "no distance for tier rack"),
    ],
)
def test_what_cannot_be_priced_is_said_in_one_line(objective, unit, prices, said):
    with pytest.raises(BadInput, match=said):
        price(objective, unit, DEFAULT_SCALE, prices)


LATENCIES = dict(zip(TIERS, (0.0, 0.25, 0.5, 2.0, 40.0), strict=True))
FRONT, BACK = (WorkloadRef(Namespace("shop"), "Deployment", name) for name in ("front", "back"))


def target(milliseconds, penalty):
    return LatencyTarget(frozenset({FRONT}), Namespace("shop"), "", "back", milliseconds, penalty)


def test_latency_is_milliseconds_per_request():
    pricing = price(Objective.LATENCY, Unit.FLOWS, DEFAULT_SCALE, LATENCIES)

    assert pricing.tiers == LATENCIES
    assert pricing.unit == "flows/s·ms"


def test_an_edge_with_a_target_pays_for_each_millisecond_above_it():
    pricing = price(Objective.LATENCY, Unit.FLOWS, DEFAULT_SCALE, LATENCIES)
    aimed = pricing.aiming({(FRONT, BACK): (target(1.0, 10.0), target(30.0, 1.0))})

    edge = RoutedEdge(FRONT, BACK, 1.0, Routing.UNIFORM)
    assert aimed.of(edge) == (0.0, 0.25, 0.5, 12.0, 440.0)
    assert aimed.of(replace(edge, server=FRONT)) == tuple(LATENCIES.values())
