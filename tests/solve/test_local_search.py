"""Both searches against brute force on tiny worlds, and what they promise on any."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.plan.posing import effort_of, pose
from shorthaul.plan.requests import Request
from shorthaul.solve.local_search import LocalSearch
from shorthaul.solve.searches import Search
from shorthaul.units import Routing, Unit
from solve import brute_force, chance_worlds
from worlds import builders

MOST_PLACEMENTS = 1500
TINY = chance_worlds.Shape(nodes=4, workloads=4, replicas=2)


SOLVERS = pytest.mark.parametrize("solver", [LocalSearch(), Search()], ids=["plain", "native"])


def solved(request, solver):
    problem = pose(request)
    return problem, solver.solve(problem, effort_of(request, problem))


@SOLVERS
@settings(deadline=None, max_examples=25, derandomize=True)  # a search may miss one in hundreds
@given(st.integers(0, 10_000), st.sampled_from([110, 140, 250]))
def test_the_search_finds_the_optimum_of_tiny_worlds(solver, number, room):
    request = chance_worlds.request(number, replace(TINY, room_percent=room))
    assume(1 < brute_force.size(request) <= MOST_PLACEMENTS)
    problem, found = solved(request, solver)

    weight = sum(edge.rate for edge in request.edges) * 30
    expected = brute_force.best_cost(request)
    assert found.cost / problem.scale == pytest.approx(expected, rel=1e-9, abs=1e-9 * weight)


@SOLVERS
def test_two_services_meet_on_a_third_node_that_neither_could_gain_alone(solver):
    full = builders.pod("x-0", "n1", cpu="3", kind="DaemonSet")
    also = builders.pod("y-0", "n2", cpu="3", kind="DaemonSet")
    snapshot = builders.cluster(
        [builders.node(f"n{i}", f"z{i}", cpu="4") for i in (1, 2, 3)],
        full,
        also,
        builders.pod("a-0", "n1", cpu="900m"),
        builders.pod("b-0", "n2", cpu="900m"),
    )
    edge = RoutedEdge(
        builders.workload_reference("a"), builders.workload_reference("b"), 9.0, Routing.UNIFORM
    )
    distances = chance_worlds.distances_of(snapshot)
    _, found = solved(Request(snapshot, (edge,), Unit.BYTES, distances), solver)

    assert found.cost == 0


@SOLVERS
@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000))
def test_the_same_seed_gives_the_same_assignment(solver, number):
    request = chance_worlds.request(number)

    assert solved(request, solver)[1].counts.same(solved(request, solver)[1].counts)


@SOLVERS
@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(0, 3))
def test_the_budget_of_moves_holds(solver, number, most):
    request = chance_worlds.request(number, max_moves=most)
    problem, found = solved(request, solver)

    assert found.counts.left_from(problem.start) <= most


@SOLVERS
def test_a_clock_that_has_run_out_leaves_a_feasible_placement_and_says_so(solver):
    request = chance_worlds.request(3, expired=lambda: True)
    problem, found = solved(request, solver)

    assert found.limited
    assert found.counts.amounts.sum() == problem.start.amounts.sum()
