"""CP-SAT's optima are those of brute force, and nothing that claims to be below them is above."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shorthaul.cluster.targets import LatencyTarget
from shorthaul.plan.posing import pose
from shorthaul.solve import exact
from shorthaul.solve.bounds import lower_bound
from shorthaul.units import TIERS, Objective, Routing, Unit
from solve import brute_force, chance_worlds
from worlds import builders

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


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100_000), SYMMETRIC)
def test_wished_latencies_have_their_price_in_the_optimum(number, routing):
    shape = chance_worlds.Shape(replicas=2, room_percent=150, routing=routing)
    plain = chance_worlds.request(number, shape)
    first, peer = (builders.workload_reference(name) for name in ("w0", "w1"))
    wish = LatencyTarget(frozenset({first}), peer.namespace, "", peer.name, 1.0, 10.0)
    request = replace(
        plain,
        unit=Unit.FLOWS,
        objective=Objective.LATENCY,
        prices=dict(zip(TIERS, (0.0, 0.25, 0.5, 2.0, 40.0), strict=True)),
        targets=(wish,),
    )
    assume(1 < brute_force.size(request) <= 400)
    problem = pose(request)
    found = exact.solve(problem)

    assert found is not None
    best = brute_force.best_cost(request)
    assert best == pytest.approx(found.assignment.cost / problem.scale, rel=1e-6, abs=1e-6)
    assert found.lower <= best + 1e-6
    assert lower_bound(problem).value <= best + 1e-6


def test_links_with_a_direction_are_refused():
    shape = chance_worlds.Shape(routing=Routing.NODE)

    assert exact.solve(pose(chance_worlds.request(3, shape))) is None
