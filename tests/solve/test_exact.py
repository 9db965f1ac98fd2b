"""CP-SAT's optima are those of brute force, and nothing that claims to be below them is above."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shorthaul.plan.posing import pose
from shorthaul.solve import exact
from shorthaul.solve.bounds import lower_bound
from shorthaul.units import Routing
from solve import brute_force, chance_worlds

SYMMETRIC = st.sampled_from([Routing.UNIFORM, Routing.LOCAL])


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 100_000), st.sampled_from([110, 150, 250]), SYMMETRIC)
def test_the_optimum_is_that_of_brute_force(number, room, routing):
    shape = chance_worlds.Shape(replicas=2, room_percent=room, routing=routing, constrained=60)
    request = chance_worlds.request(number, shape)
    assume(1 < brute_force.size(request) <= 400)
    problem = pose(request)

    found = exact.solve(problem)

    assert found is not None
    assert found.proven
    best = brute_force.best_cost(request)
    assert best == pytest.approx(found.assignment.cost / problem.scale, rel=1e-6, abs=1e-6)
    assert found.lower <= best + 1e-6


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100_000), st.sampled_from([110, 150, 250]), SYMMETRIC)
def test_the_bound_is_never_above_the_optimum_of_worlds_too_large_to_list(number, room, routing):
    shape = chance_worlds.Shape(
        nodes=6, workloads=7, replicas=5, edges=12, room_percent=room, routing=routing
    )
    problem = pose(chance_worlds.request(number, shape))
    found = exact.solve(problem, work=1.0)
    assume(found is not None and found.proven)

    assert lower_bound(problem).value <= found.assignment.cost / problem.scale * (1 + 1e-9) + 1e-6


def test_links_with_a_direction_are_refused():
    shape = chance_worlds.Shape(routing=Routing.NODE)

    assert exact.solve(pose(chance_worlds.request(3, shape))) is None
