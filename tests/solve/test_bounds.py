"""The lower bound is never above what any feasible placement costs."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.plan.posing import pose
from shorthaul.plan.requests import Request
from shorthaul.solve.bounds import lower_bound
from shorthaul.units import Routing, Unit
from solve import brute_force, chance_worlds
from worlds import builders


def two_talking(least_hosts, *parts):
    snapshot = builders.cluster(builders.nodes(4, zones=4), *parts)
    edge = RoutedEdge(
        builders.workload_reference("a"), builders.workload_reference("b"), 16.0, Routing.UNIFORM
    )
    rules = Rules(WorkloadRules(least_hosts=least_hosts))
    distances = chance_worlds.distances_of(snapshot)
    return Request(snapshot, (edge,), Unit.BYTES, distances, rules=rules)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 100_000), st.sampled_from([110, 150, 250]), st.sampled_from([None, *Routing]))
def test_the_bound_is_never_above_the_optimum(number, room, routing):
    shape = chance_worlds.Shape(replicas=2, room_percent=room, routing=routing)
    request = chance_worlds.request(number, shape)
    assume(1 < brute_force.size(request) <= 1000)

    assert lower_bound(pose(request)).value <= brute_force.best_cost(request) + 1e-6


def test_a_neighbour_with_two_links_takes_its_room_once():
    request = chance_worlds.request(315, chance_worlds.Shape(replicas=2, room_percent=120))

    assert lower_bound(pose(request)).value <= brute_force.best_cost(request) + 1e-6


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100_000))
def test_the_bound_is_never_above_todays_cost(number):
    shape = chance_worlds.Shape(nodes=8, workloads=12, replicas=5, edges=20)
    request = chance_worlds.request(number, shape)
    still = replace(request, selected=frozenset())

    bound, now = lower_bound(pose(request)).value, lower_bound(pose(still)).value
    assert bound <= now + 1e-6


def test_two_replicas_that_keep_two_hosts_can_share_half_of_their_traffic():
    request = two_talking(2, builders.replicas("a", "n1", "n2"), builders.replicas("b", "n3", "n4"))

    assert lower_bound(pose(request)).value == pytest.approx(16.0 * 10 / 2, rel=1e-6)


def test_without_a_floor_all_of_it_could_stay_on_one_host():
    request = two_talking(1, builders.replicas("a", "n1", "n2"), builders.replicas("b", "n3", "n4"))

    assert lower_bound(pose(request)).value == 0


def test_pods_that_do_not_fit_beside_each_other_cannot_keep_their_traffic():
    request = two_talking(1, builders.pod("a-0", "n1", cpu="3"), builders.pod("b-0", "n2", cpu="3"))

    assert lower_bound(pose(request)).value == pytest.approx(16.0 * 10, rel=1e-6)


def test_traffic_between_pods_that_stay_is_exact():
    pods = [
        builders.pod(f"{name}-0", on, kind="DaemonSet") for name, on in (("a", "n1"), ("b", "n2"))
    ]
    request = two_talking(1, *pods)
    renamed = replace(
        request,
        edges=tuple(
            RoutedEdge(
                builders.workload_reference("a", "DaemonSet"),
                builders.workload_reference("b", "DaemonSet"),
                edge.rate,
                edge.routing,
            )
            for edge in request.edges
        ),
    )

    assert lower_bound(pose(renamed)).value == pytest.approx(160.0, rel=1e-6)
