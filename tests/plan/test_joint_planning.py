"""Moves and routing planned together."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.snapshots import Service
from shorthaul.plan import manifests
from shorthaul.plan.joint_planning import make_joint_plan
from shorthaul.plan.planning import make_plan
from shorthaul.plan.recommendations import advise
from shorthaul.plan.requests import Request
from shorthaul.plan.scores import score
from shorthaul.solve import costs
from shorthaul.solve.local_search import LocalSearch
from shorthaul.units import Namespace, Routing, Unit
from solve import chance_worlds
from worlds import builders

QUICK = LocalSearch(iterations_per_pod=2, least_iterations=150)


def shop(*services):
    pods = [builders.replicas("web", "n1", "n2"), builders.replicas("cart", "n3", "n4")]
    edge = RoutedEdge(
        builders.workload_reference("web"),
        builders.workload_reference("cart"),
        80.0,
        Routing.UNIFORM,
    )
    snapshot = builders.cluster(builders.nodes(4), pods, *services)
    return Request(snapshot, (edge,), Unit.BYTES, chance_worlds.distances_of(snapshot))


CART = Service(Namespace("shop"), "cart", builders.selector(app="cart"))


def test_moves_and_routing_together_reach_what_neither_does_alone():
    request = shop(CART)
    plan = make_joint_plan(request)

    assert plan.value.after == 0
    assert make_plan(request).value.after > 0
    assert [(one.service, one.after, one.load) for one in plan.routing] == [
        ("cart", "PreferSameNode", 1.0)
    ]
    assert plan.value.before == make_plan(request).value.before
    assert plan.inputs == make_plan(request).inputs
    moves = [(move.pod, move.target) for move in plan.moves]
    assert score(request, moves, plan.routing).after == plan.value.after


def test_without_a_service_the_plan_is_that_of_todays_routing():
    assert make_joint_plan(shop()) == make_plan(shop())


def test_the_manifest_tells_routing_only_where_there_is_any():
    spec = manifests.manifest(make_joint_plan(shop(CART)))["spec"]

    assert spec["routing"] == [
        {
            "namespace": "shop",
            "service": "cart",
            "from": "",
            "to": "PreferSameNode",
            "gain": spec["routing"][0]["gain"],
            "largestEndpointLoad": 1.0,
        }
    ]
    assert "routing" not in manifests.manifest(make_plan(shop(CART)))["spec"]


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000), st.sampled_from([1.0, 1.5, 3.0]))
def test_what_is_recommended_holds_in_the_final_placement(number, limit):
    request = chance_worlds.request(number, solver=QUICK)
    names = sorted({pod.workload.name for pod in request.snapshot.pods.values()})
    services = tuple(
        Service(Namespace("shop"), name, builders.selector(app=name)) for name in names
    )
    edges = tuple(replace(edge, routing=Routing.UNIFORM) for edge in request.edges)
    request = replace(request, snapshot=replace(request.snapshot, services=services), edges=edges)
    plan = make_joint_plan(request, limit)

    moves = [(move.pod, move.target) for move in plan.moves]
    where = costs.places(request.snapshot).moved(moves)
    assert advise(request, where, limit, plan.routing).recommended == plan.routing
    assert all(one.load <= limit and one.gain > 0 for one in plan.routing)
    assert plan.value.after <= make_plan(request).value.after
    after = score(request, moves, plan.routing).after
    assert plan.value.after == pytest.approx(after, rel=1e-9, abs=1e-9)
