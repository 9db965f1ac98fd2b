"""Moves are judged by what was measured, at the volume of before."""

import math
import random
import statistics

import pytest

from shorthaul.plan.verification import (
    Travel,
    Verdict,
    average,
    judge,
    objection,
    remember,
    travel,
)
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic.graphs import PodEdge
from shorthaul.traffic.identities import PodIdentity
from shorthaul.units import Namespace, NodeName, PodRef, WorkloadRef

SHOP = Namespace("shop")
ZONE = "topology.kubernetes.io/zone"
REGION = "topology.kubernetes.io/region"
NODES = measure(
    {NodeName(name): {ZONE: zone, REGION: "r"} for name, zone in zip("abc", "xxy", strict=True)},
    DEFAULT_SCALE,
)
CART, DB = (WorkloadRef(SHOP, "Deployment", name) for name in ("cart", "db"))


def pod(name):
    return PodRef(SHOP, name)


def placed(cart, database):
    return {
        pod("cart-1"): PodIdentity(CART, NodeName(cart)),
        pod("db-1"): PodIdentity(DB, NodeName(database)),
    }


def edges(rate):
    return [PodEdge(pod("cart-1"), pod("db-1"), rate * 0.75, rate * 0.25)]


def test_a_kept_promise_has_ratio_one_whatever_the_volume_does():
    before = travel(edges(100), placed("a", "c"), NODES, frozenset({CART}))
    after = travel(edges(250), placed("a", "a"), NODES, frozenset({CART}))

    verdict = judge(promised=1000, before=before, after=after)

    assert verdict.measured == pytest.approx(1000)
    assert verdict.ratio == pytest.approx(1)
    assert verdict.pays
    assert (verdict.before, verdict.after) == (pytest.approx(10), 0)


def test_half_the_way_is_half_the_gain():
    before = travel(edges(100), placed("a", "c"), NODES, frozenset({DB}))
    after = travel(edges(100), placed("a", "b"), NODES, frozenset({DB}))

    assert judge(1000, before, after).ratio == pytest.approx(0.7)


def test_traffic_of_other_workloads_and_of_unknown_pods_is_left_out():
    other = frozenset({WorkloadRef(SHOP, "Deployment", "other")})
    stray = [PodEdge(pod("gone"), pod("db-1"), 5, 5)]

    assert travel(edges(100), placed("a", "c"), NODES, other).rate == 0
    assert travel(stray, placed("a", "c"), NODES, frozenset({DB})).rate == 0


def test_a_policy_pauses_when_three_of_its_last_five_plans_did_not_pay():
    history = ()
    for ratio in (0.9, 0.2, 0.1, 0.8):
        history = remember(history, Verdict(100, 100 * ratio))
    assert objection(history) is None

    history = remember(history, Verdict(100, 30))

    assert objection(history).code == "MovesDoNotPay"
    assert "3 of the last 5" in objection(history).message


def test_old_failures_are_forgotten():
    history = (0.1, 0.1, 0.1)
    for _ in range(3):
        history = remember(history, Verdict(100, 100))

    assert len(history) == 5
    assert objection(history) is None


def test_one_window_says_nothing_of_its_error_and_equal_ones_have_none():
    one = Travel(100, 500)

    assert average([one]).error == math.inf
    assert average([one, one, one]) == Travel(100, 500, windows=3, error=0)
    assert average([]).rate == 0


@pytest.mark.parametrize("count", [3, 5, 8])
def test_the_interval_holds_the_true_mean_nearly_always(count):
    noise = random.Random(count)
    tries = 400

    held = []
    for _ in range(tries):
        rates = [noise.gauss(100, 10) for _ in range(count)]
        found = average([Travel(rate, rate * noise.gauss(4, 0.5)) for rate in rates])
        held.append(abs(found.mean - 4) <= found.error)

    assert 0.9 < statistics.fmean(held) < 0.99


def test_a_verdict_within_the_noise_is_not_sure():
    before = Travel(100, 500, windows=3, error=0.3)
    after = Travel(80, 320, windows=3, error=0.4)

    verdict = judge(160, before, after)

    assert (verdict.measured, verdict.error) == pytest.approx((100, 50))
    assert not verdict.sure
    assert judge(140, before, after).sure
    assert judge(20, before, after).sure
    assert judge(500, before, after).sure
