"""The independent scorer against the reference, and its violations one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import drawings, engines, posing, scorers
from shorthaul.plan.posing import pose
from shorthaul.solve import costs
from shorthaul.solve.draws import Draws
from shorthaul.solve.limits import Attraction, Exclusion, Floor, Limits, Spread
from shorthaul.solve.solvers import Effort
from shorthaul.solve.sparse_counts import from_dense, from_places
from shorthaul.units import Routing
from solve import chance_worlds

NUMBERS = st.integers(0, 10_000)
BOTH = frozenset((0,))


@settings(deadline=None, max_examples=40)
@given(NUMBERS, st.sampled_from([None, *Routing]))
def test_cost_and_shares_equal_the_reference_wherever_the_pods_are(number, routing):
    request = chance_worlds.request(number, chance_worlds.Shape(routing=routing))
    problem = pose(request)
    moved, counts = _anywhere(problem, Draws(number))
    where = costs.places(request.snapshot).moved(moved)
    edges, distances = request.attracting, request.distances

    found = scorers.score(problem, counts)

    expected = costs.cost(edges, where, distances, request.pricing)
    assert found.cost == pytest.approx(expected, rel=1e-9, abs=1e-9)
    if problem.links:
        shares = {str(t): s for t, s in costs.locality(edges, where, distances).items()}
        assert found.shares == pytest.approx(shares, abs=1e-9)


@settings(deadline=None, max_examples=15)
@given(NUMBERS)
def test_what_the_solver_finds_breaks_nothing_and_costs_what_it_says(number):
    problem = pose(chance_worlds.request(number, chance_worlds.Shape()))
    asked = iter(range(10))
    effort = Effort(number, expired=lambda: next(asked, None) is None)
    found = engines.solver().solve(problem, effort)

    score = scorers.score(problem, found.counts)

    assert score.broken == ()
    assert score.cost * problem.scale == pytest.approx(found.cost, rel=1e-9, abs=1e3)
    assert score.moves == found.counts.left_from(problem.start)


def _anywhere(problem, draws):
    """Every pod on a drawn node: who is where, and the counts."""
    moved, rows = [], []
    for group in problem.groups:
        nodes = [draws.below(len(problem.nodes)) for _ in group.pods]
        moved += [(ref, problem.nodes[node]) for ref, node in zip(group.pods, nodes, strict=True)]
        rows.append(nodes)
    return moved, from_places(rows, len(problem.nodes))


@pytest.fixture
def small():
    """Two groups of two pods on three nodes of two zones, without limits; all is open."""
    world = drawings.draw("tiny24", 1)
    problem = posing.pose(world, "uniform")
    return replace(
        problem,
        nodes=problem.nodes[:3],
        tiers=np.array([[0, 0, 1], [0, 0, 1], [0, 0, 0]]),
        groups=(
            replace(problem.groups[0], pods=problem.groups[0].pods * 2, vertices=()),
            replace(problem.groups[1], pods=problem.groups[1].pods * 2, vertices=()),
        ),
        start=from_dense(np.array([[1, 0, 1], [0, 1, 1]])),
        allowed=replace(problem.allowed, classes=np.array([0, 0]), open=np.ones((1, 3), bool)),
        background=from_dense(np.zeros((0, 3), dtype=np.int64)),
        links=(),
        requests=np.array([[1, 1, 1], [1, 1, 1]]),
        room=np.full((3, 3), 2),
        limits=Limits(),
    )


LIMITS = {
    "exclusion": Limits(exclusions=(Exclusion((0, 1, 2), BOTH, BOTH, (), ()),)),
    "attraction": Limits(attractions=(Attraction((0, 0, 1), BOTH, frozenset((1,)), (), ()),)),
    "spread": Limits(spreads=(Spread((0, 0, 1), 1, 1, BOTH, BOTH, ()),)),
    "floor": Limits(floors=(Floor((0, 1, 2), 2, BOTH, ()),)),
}
BREAKING = {
    "exclusion": [[2, 0, 0], [0, 1, 1]],
    "attraction": [[1, 0, 1], [1, 1, 0]],
    "spread": [[1, 1, 0], [0, 1, 1]],
    "floor": [[2, 0, 0], [0, 1, 1]],
}


@pytest.mark.parametrize("kind", LIMITS)
def test_a_broken_limit_is_told_and_a_kept_one_is_not(small, kind):
    problem = replace(small, limits=LIMITS[kind])

    assert scorers.score(problem, problem.start).broken == ()
    (sentence,) = scorers.score(problem, from_dense(np.array(BREAKING[kind]))).broken
    assert sentence.startswith(kind)


def test_too_many_pods_on_a_node_are_told_with_both_numbers(small):
    full = from_dense(np.array([[2, 0, 0], [1, 0, 1]]))

    found = scorers.score(small, full)

    assert found.violations == 3
    assert found.broken[0] == "node 0 holds 3 of cpu, it has 2"


def test_a_node_out_of_reach_is_a_violation_but_staying_is_not(small):
    open_ = replace(small.allowed, open=np.array([[True, True, False]]))
    closed = replace(small, allowed=open_, room=np.full((3, 3), 9))

    assert scorers.score(closed, closed.start).broken == ()
    assert scorers.score(closed, from_dense(np.array([[0, 0, 2], [0, 1, 1]]))).violations == 1


def test_a_lost_pod_is_a_violation(small):
    assert scorers.score(small, from_dense(np.array([[1, 0, 0], [0, 1, 1]]))).violations == 1


def test_moves_count_replicas_as_interchangeable(small):
    assert scorers.score(small, from_dense(np.array([[1, 1, 0], [1, 1, 0]]))).moves == 2
