"""A plan is written only where it is worth what its policies ask for."""

from dataclasses import replace

import msgspec
import pytest

from plan.test_lifecycles import NOW
from shorthaul.api import policies
from shorthaul.api.affinitypolicies import (
    AffinityPolicy,
    AffinityPolicySpec,
    Disruption,
    Mode,
    Workloads,
    Worth,
)
from shorthaul.api.objects import ObjectMeta
from shorthaul.api.policystatuses import Budgets, Paused, StartedMove
from shorthaul.plan.commands import CreatePlan
from shorthaul.plan.proposals import Means, propose
from shorthaul.plan.traffic_maps import TrafficMaps
from shorthaul.plan.views import Terms, Traffic, View
from shorthaul.solve.choices import best_solver
from shorthaul.solve.solvers import never
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic.graphs import Edge, PodEdge, TrafficGraph
from shorthaul.traffic.rate_errors import RateError
from shorthaul.units import Objective, Unit
from worlds import builders

TERMS = Terms(persistence_windows=3, verification_windows=2, least_gain_percent=0.0)
ANY = Worth()
MOVABLE = Disruption(allow_single_replica=True)
RATES = {"db": 100.0, "mail": 40.0}
"""Flows/s of cart; two pods fill a node, so cart can go to one of them only."""


def policy(worth=ANY, **status):
    made = AffinityPolicy(
        metadata=ObjectMeta(name="near", namespace="shop", generation=1),
        spec=AffinityPolicySpec(
            workloads=Workloads(),
            objective=Objective.FLOWS,
            mode=Mode.AUTO,
            disruption=MOVABLE,
            worth=worth,
        ),
    )
    return msgspec.structs.replace(made, status=msgspec.structs.replace(made.status, **status))


def traffic(errors):
    cart = builders.reference("shop/cart-1")
    workload = builders.workload_reference
    edges = [
        Edge(workload("cart"), workload(name), rate, 0.0, error=errors.get(name))
        for name, rate in RATES.items()
    ]
    seen = [
        PodEdge(cart, builders.reference(f"{name}-1"), rate, 0.0) for name, rate in RATES.items()
    ]
    graph = TrafficGraph(
        Unit.FLOWS,
        edges=tuple(edges),
        pod_edges=tuple(seen),
        seconds=60.0,
        end_seconds=NOW.timestamp(),
    )
    return TrafficMaps({Unit.FLOWS: Traffic(graph, (graph,) * TERMS.persistence_windows)})


def proposed(of, terms=TERMS, **errors):
    """What was found with errors of these rates, and the plans that were written."""
    pods = [
        builders.pod(f"{name}-1", on=node, cpu="400m")
        for name, node in (("cart", "n1"), ("db", "n2"), ("mail", "n3"))
    ]
    snapshot = builders.cluster(builders.nodes(3, cpu="1"), pods)
    known = (policies.read(of),)
    view = View(
        now=NOW,
        snapshot=snapshot,
        distances=measure({name: n.labels for name, n in snapshot.nodes.items()}, DEFAULT_SCALE),
        policies=(of,),
        governance=policies.govern(known, snapshot.workloads.values()),
    )
    found = propose(view, traffic(errors), terms, Means(lambda _: best_solver(), never))
    (finding,) = found.findings.values()
    return finding, [each.plan for each in found.commands if isinstance(each, CreatePlan)]


@pytest.fixture(scope="module")
def gain():
    """What the best plan gains, and the share of today's cost that it is in percent."""
    value = proposed(policy())[0].plan.value
    return value.before - value.after, 100 * (1 - value.after / value.before)


def held(of, terms=TERMS):
    """Why no plan is written; None where one is."""
    finding, written = proposed(of, terms)
    assert bool(written) == (finding.held is None)
    return None if finding.held is None else finding.held.code


def test_a_plan_is_written_where_nothing_is_asked(gain):
    finding, (written,) = proposed(policy())

    assert finding.held is None
    assert [move.workload.name for move in written.spec.moves] == ["cart"]
    assert gain[1] == pytest.approx(100 * 100 / 140)


def test_a_gain_below_the_least_percent_of_the_policy_holds_the_plan_back(gain):
    assert held(policy(Worth(least_gain_percent=gain[1] + 1))) == "GainTooSmall"
    assert held(policy(Worth(least_gain_percent=gain[1] - 1))) is None


def test_a_gain_below_the_operators_least_percent_holds_the_plan_back_unless_overruled(gain):
    strict = replace(TERMS, least_gain_percent=gain[1] + 1)

    assert held(policy(), strict) == "GainTooSmall"
    assert held(policy(Worth(least_gain_percent=0)), strict) is None


def test_a_gain_below_the_least_gain_of_the_policy_holds_the_plan_back(gain):
    assert held(policy(Worth(least_gain=gain[0] * 1.01))) == "GainTooSmall"
    assert held(policy(Worth(least_gain=gain[0] * 0.99))) is None


def test_a_move_that_does_not_earn_its_cost_within_the_horizon_is_not_planned(gain):
    hourly = gain[0] * 3600
    short = Worth(move_cost=hourly * 1.01, horizon_hours=1)
    longer = Worth(move_cost=hourly * 1.01, horizon_hours=1.1)

    finding, written = proposed(policy(short))

    assert (finding.held.code, written) == ("NothingToGain", [])
    assert "NotWorthIt" in {refusal.reason.code for refusal in finding.plan.refusals}
    assert held(policy(longer)) is None


def test_where_nothing_is_worth_it_while_pods_wait_these_are_told_of():
    lately = [StartedMove(kind="Deployment", name=name, time=NOW) for name in ("cart", *RATES)]
    finding, written = proposed(policy(budgets=Budgets(moves=tuple(lately))))

    assert (finding.held.code, written) == ("NothingToGain", [])
    assert "worth making while 3 pods wait: shop/cart was moved less" in finding.held.message


def test_a_policy_that_paused_itself_gets_no_new_plan():
    def paused(generation):
        return Paused(by="operator", reason="MovesDoNotPay", generation=generation)

    assert held(policy(paused=paused(1))) == "MovesDoNotPay"
    assert held(policy(paused=paused(0))) is None


def targets(plans):
    return [(move.workload.name, move.target) for plan in plans for move in plan.spec.moves]


def test_a_gain_that_is_larger_than_its_margin_is_planned_as_if_it_had_none():
    sure, plans = proposed(policy())
    small, same = proposed(policy(), db=RateError(50.0), mail=RateError(15.0))
    few_windows, also = proposed(policy(), db=RateError(90.0, freedom=1.9))

    assert small.plan == few_windows.plan == sure.plan
    assert targets(same) == targets(also) == targets(plans) == [("cart", "n2")]


@pytest.mark.parametrize("error", [RateError(52.0), RateError(32.0, freedom=3)])
def test_a_gain_within_its_margin_moves_nothing_and_is_told(error):
    finding, plans = proposed(policy(), db=error)

    assert (plans, finding.held.code) == ([], "NothingToGain")
    assert f"would gain 100 ± {error.margin:.6g}" in finding.held.message
    assert finding.held.message.endswith("which cannot be told from nothing")
    assert "GainUncertain" in {each.reason.code for each in finding.plan.refusals}
