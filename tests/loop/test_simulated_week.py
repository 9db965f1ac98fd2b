"""The shipped loop over a week of simulated time: it settles, stays settled, and still follows."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from loop.simulated_worlds import START, SimulatedWorld
from plan.test_lifecycles import plan
from shorthaul.api.objects import ObjectMeta
from shorthaul.api.placementplans import (
    PlacementPlanStatus,
    PlanPhase,
    PlanVerification,
    PolicyReference,
)
from shorthaul.loop import Loop
from shorthaul.plan.promises import PATIENT_WINDOWS
from shorthaul.plan.proposals import propose
from shorthaul.plan.views import Terms
from shorthaul.solve import bounds
from shorthaul.solve.kernels import library
from shorthaul.solve.searches import Search
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import Namespace
from worlds import builders

WINDOW = 3600
LEAST_TRIES = Search().least_turns
TERMS = Terms(window_seconds=WINDOW, persistence_windows=5, verification_windows=3)
REPLICAS = {
    "web": ["n1", "n3", "n5"],
    "cart": ["n2", "n4"],
    "redis": ["n6"],
    "catalog": ["n1", "n6"],
    "db": ["n4"],
    "mail": ["n3"],
}
RATES = {
    ("web", "cart"): 40.0,
    ("cart", "redis"): 120.0,
    ("web", "catalog"): 60.0,
    ("catalog", "db"): 90.0,
    ("web", "mail"): 2.0,
}


def world(seed):
    return SimulatedWorld(
        nodes=builders.nodes(6, zones=3, racks=2, cpu="2"),
        replicas=REPLICAS,
        rates=dict(RATES),
        seed=seed,
        rules=WindowRules(window_seconds=WINDOW),
    )


async def inline(think):
    return think()


def run(simulated, hours, *, start=START):
    """Runs the loop, two ticks a window; returns the time at the end."""

    async def all_of_it():
        loop = Loop(simulated, TERMS, inline, Namespace("shorthaul-probe"))
        now = start
        for _ in range(int(hours * 3600 / WINDOW)):
            now += timedelta(seconds=WINDOW)
            for _ in range(6):
                await loop.tick(now)
                await asyncio.sleep(0)
        return now

    return asyncio.run(all_of_it())


def moves_after(simulated, hours):
    return [move for at, move in simulated.landed if at >= START + timedelta(hours=hours)]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_week_of_noisy_but_stationary_traffic_moves_nothing_after_convergence(seed):
    simulated = world(seed)

    run(simulated, 7 * 24)

    assert simulated.landed, "it never moved anything at all"
    assert moves_after(simulated, 24) == []


@pytest.mark.skipif(not library.available(), reason="the plain search has no memory")
def test_once_settled_a_cycle_costs_next_to_no_search():
    simulated = world(1)
    settled = run(simulated, 48)
    (memory,) = simulated.solvers.values()
    before = memory.taken()
    run(simulated, 48, start=settled)
    after = memory.taken()

    assert before.whole > 0
    assert after.small + after.none > 40
    assert after.tries * 20 < LEAST_TRIES * (after.whole + after.small + after.none)


def test_only_a_plan_that_is_written_gets_a_bound():
    simulated = world(1)
    settled = run(simulated, 48)

    view = simulated.view(settled)
    found = propose(view, simulated.traffic(view)(), TERMS, simulated.means())
    held = [finding.plan for finding in found.findings.values()]
    written = [plan.spec.objective.bound_method for plan in simulated.plans.values()]

    assert [plan.value.bound_method for plan in held] == [bounds.NOTHING.method]
    assert written
    assert bounds.NOTHING.method not in written


def test_when_the_traffic_really_shifts_it_moves_again_and_settles_again():
    simulated = world(3)
    noon = run(simulated, 24)
    before = len(simulated.landed)
    simulated.rates |= {("web", "mail"): 300.0}

    later = run(simulated, 24, start=noon)
    shifted = len(simulated.landed)
    run(simulated, 24, start=later)

    assert shifted > before
    assert len(simulated.landed) == shifted


def test_no_pod_goes_back_to_where_it_came_from_within_a_day():
    simulated = world(4)

    run(simulated, 24)

    trips = [(m.spec.workload.name, m.spec.source, m.spec.target) for _, m in simulated.landed]
    assert not [trip for trip in trips if (trip[0], trip[2], trip[1]) in trips]


def test_each_plan_is_measured_by_itself_also_one_that_follows_another():
    """Each keeps nearly what it promised: volumes swing by 30 %, and later plans are small."""
    simulated = world(5)

    noon = run(simulated, 40)
    simulated.rates |= {("web", "mail"): 300.0}
    run(simulated, 60, start=noon)

    found = [plan.status.verification for plan in simulated.plans.values()]
    told = [one for one in found if one is not None]
    assert len(told) > 1
    assert [one.ratio for one in told] == pytest.approx([1.0] * len(told), abs=0.3)


def test_a_gain_that_goes_away_at_once_is_a_broken_promise_and_told_late():
    simulated = world(6)
    now = START
    while not simulated.landed:
        now = run(simulated, 1, start=now)
    simulated.rates = {(name, "mail"): 500.0 for name in REPLICAS if name != "mail"}

    run(simulated, 40, start=now)

    first = min(simulated.plans.values(), key=lambda plan: plan.status.started_at)
    assert first.status.verification.ratio < 0.5
    assert first.status.verification.windows == TERMS.verification_windows + PATIENT_WINDOWS


def test_traffic_that_ends_with_the_moves_is_no_gain_and_no_verdict():
    simulated = world(7)
    now = START
    while not simulated.landed:
        now = run(simulated, 1, start=now)
    simulated.rates = {}

    run(simulated, TERMS.verification_windows + PATIENT_WINDOWS + 3, start=now)

    first = min(simulated.plans.values(), key=lambda plan: plan.status.started_at)
    assert first.status.verification is None


def broken_promises(count):
    """Plans of the policy's first generation that ended at the start and did not pay."""
    told = PlanVerification(promised=50, measured=5, ratio=0.1, unit="u", windows=3)
    status = PlacementPlanStatus(phase=PlanPhase.DONE, finished_at=START, verification=told)
    made = plan(("gone-1", 0), status=status)
    named = PolicyReference(namespace="shop", name="near", generation=1)
    spec = msgspec.structs.replace(made.spec, policies=(named,))
    return {
        name: msgspec.structs.replace(made, metadata=ObjectMeta(name=name), spec=spec)
        for name in (f"old-{number}" for number in range(count))
    }


def change(simulated, **metadata):
    changed = msgspec.structs.replace(simulated.policy.metadata, **metadata)
    simulated.policy = msgspec.structs.replace(simulated.policy, metadata=changed)


@pytest.mark.parametrize(
    "way_out",
    [{"generation": 2}, {"annotations": {"shorthaul.dev/resume": "true"}}],
    ids=["a-new-generation", "the-annotation"],
)
def test_after_three_broken_promises_nothing_moves_until_somebody_says_so(way_out):
    simulated = world(1)
    simulated.plans |= broken_promises(3)

    held = run(simulated, 16)

    assert simulated.policy.status.paused.reason == "MovesDoNotPay"
    assert simulated.landed == []
    assert sorted(simulated.plans) == ["old-0", "old-1", "old-2"]

    change(simulated, **way_out)
    later = run(simulated, 3, start=held)
    change(simulated, annotations={})
    run(simulated, 9, start=later)

    assert simulated.landed
    assert simulated.policy.status.paused is None
