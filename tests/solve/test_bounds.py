"""The lower bound is never above what any feasible placement costs."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.plan.posing import pose
from shorthaul.plan.requests import Request
from shorthaul.solve.bounds import Work, lower_bound
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


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 100_000), st.sampled_from([110, 150, 250]))
def test_the_bound_by_whole_contents_is_never_above_the_optimum(number, room):
    shape = chance_worlds.Shape(replicas=2, room_percent=room, routing=Routing.LOCAL)
    request = chance_worlds.request(number, shape)
    assume(1 < brute_force.size(request) <= 500)

    bound = lower_bound(pose(request), Work(turns=2))
    assert bound.value <= brute_force.best_cost(request) + 1e-6


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 100_000))
def test_more_work_never_makes_the_bound_worse(number):
    shape = chance_worlds.Shape(nodes=8, workloads=12, replicas=5, edges=20)
    problem = pose(chance_worlds.request(number, shape))

    found = [lower_bound(problem, Work(rounds)).value for rounds in (0, 10, 40)]
    assert found == sorted(found)


def test_the_same_problem_has_the_same_bound():
    shape = chance_worlds.Shape(nodes=8, workloads=12, replicas=5, edges=20)
    problem = pose(chance_worlds.request(5, shape))

    assert lower_bound(problem, Work(turns=2)) == lower_bound(problem, Work(turns=2))


def test_what_a_spread_keeps_apart_is_counted():
    spread = {"spread": (builders.spread(builders.ZONE, app="a"),)}
    snapshot_parts = [
        *(builders.pod(f"a-{i}", f"n{i + 1}", **spread) for i in range(4)),
        builders.pod("b-0", "n1"),
    ]
    request = two_talking(1, *snapshot_parts)

    bound = lower_bound(pose(request)).value
    assert bound == pytest.approx(16.0 * 10 * 3 / 4, rel=1e-6)


def test_a_client_of_two_servers_that_do_not_fit_together_must_leave_one():
    request = two_talking(
        1,
        builders.pod("a-0", "n1", cpu="1"),
        builders.pod("b-0", "n2", cpu="3"),
        builders.pod("c-0", "n3", cpu="3"),
    )
    more = RoutedEdge(
        builders.workload_reference("a"), builders.workload_reference("c"), 4.0, Routing.UNIFORM
    )

    bound = lower_bound(pose(replace(request, edges=(*request.edges, more)))).value
    assert 0.9 * 4.0 * 10 <= bound <= 4.0 * 10


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
