"""What a group of policies asks for together: the most careful of their wishes."""

import pytest

from plan.test_lifecycles import NOW
from shorthaul.api import policies
from shorthaul.api.affinitypolicies import (
    AffinityPolicy,
    AffinityPolicySpec,
    LabelSelector,
    Mode,
    Workloads,
    Worth,
)
from shorthaul.api.objects import ObjectMeta
from shorthaul.cluster.rules import Rules
from shorthaul.plan import scopes
from shorthaul.plan.scopes import Scope
from shorthaul.plan.views import Terms, Traffic, View
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import Objective, Unit
from worlds import builders


def policy(name, selected, worth):
    return AffinityPolicy(
        metadata=ObjectMeta(name=name, namespace="shop", generation=1),
        spec=AffinityPolicySpec(
            workloads=Workloads(selector=LabelSelector(match_labels={"app": selected})),
            objective=Objective.FLOWS,
            mode=Mode.AUTO,
            worth=worth,
        ),
    )


def move_price(*worths):
    """The price of a move for policies of one workload each."""
    pods = [builders.pod(f"shop/w{n}-1", on="n1") for n in range(len(worths))]
    snapshot = builders.cluster(builders.nodes(1), pods)
    found = tuple(policy(f"p{n}", f"w{n}", worth) for n, worth in enumerate(worths))
    known = tuple(policies.read(one) for one in found)
    ((group, members),) = policies.groups(known).items()
    view = View(
        now=NOW,
        snapshot=snapshot,
        distances=measure({name: n.labels for name, n in snapshot.nodes.items()}, DEFAULT_SCALE),
        policies=found,
        governance=policies.govern(known, snapshot.workloads.values()),
    )
    scope = Scope(group, members, known, view, Traffic(None), Terms())
    return scopes.request_for(scope, (), Rules(), Unit.FLOWS).move_price


def test_without_a_cost_the_traffic_says_what_a_move_has_to_gain():
    assert move_price(Worth()) is None


def test_a_cost_of_nothing_is_taken_at_its_word():
    assert move_price(Worth(move_cost=0)) == 0


def test_who_names_no_cost_goes_with_those_that_do():
    assert move_price(Worth(), Worth(move_cost=86400)) == pytest.approx(1)


def test_a_move_has_to_earn_its_cost_within_a_day_unless_told_otherwise():
    assert move_price(Worth(move_cost=86400)) == pytest.approx(1)


def test_the_longer_a_gain_is_counted_upon_the_less_of_it_is_asked():
    assert move_price(Worth(move_cost=7200, horizon_hours=1)) == pytest.approx(2)
    assert move_price(Worth(move_cost=7200, horizon_hours=4)) == pytest.approx(0.5)


def test_the_dearest_price_of_a_group_holds_for_all_of_it():
    cheap, dear = Worth(move_cost=9000), Worth(move_cost=3600, horizon_hours=0.5)

    assert move_price(cheap, dear) == move_price(dear, cheap) == pytest.approx(2)
