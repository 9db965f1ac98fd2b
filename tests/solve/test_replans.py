"""A settled placement follows what happens to it with few moves, and is put right."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.plan import drafts
from shorthaul.plan.posing import pose
from shorthaul.plan.requests import Request
from shorthaul.solve import costs
from shorthaul.solve.engine import Engine
from shorthaul.solve.kernels import library
from shorthaul.solve.kernels.layouts import NOWHERE
from shorthaul.solve.kernels.states import places_of
from shorthaul.solve.problems import LARGEST_COST
from shorthaul.solve.replans import Replanner
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort
from shorthaul.units import Routing, Unit
from solve import brute_force, chance_worlds
from solve.anatomies import anatomy
from worlds import builders

pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")

NUMBERS = st.integers(0, 100_000)
SHAPE = chance_worlds.Shape(nodes=6, workloads=6, replicas=5, edges=10, constrained=50)
BRIEF = Search(turns_per_pod=2, least_turns=100)
DEAR = LARGEST_COST + 1


def moves_of(problem, counts):
    return [(m.pod, m.target_name) for m in drafts.draft(problem, counts)]


def without_excuses(engine):
    """Its anatomy but for who may come home against the rules: a sweep puts back without asking."""
    found = anatomy(engine)
    return found | {"hosts": {place: host[:2] for place, host in found["hosts"].items()}}


def disturbed(problem, number, most=2):
    """A feasible placement a few moves away from the start."""
    return BRIEF.solve(problem, Effort(seed=number, most_moves=most)).counts


@settings(deadline=None, max_examples=40)
@given(NUMBERS, st.sets(st.integers(0, SHAPE.nodes - 1), min_size=1))
def test_what_some_nodes_draw_is_the_best_gain_of_a_pod_that_may_go_there(number, nodes):
    problem = pose(chance_worlds.request(number, SHAPE))
    engine = Engine(problem, 0)
    there = np.array(sorted({node % len(problem.nodes) for node in nodes}), dtype=np.int64)
    groups = np.arange(len(problem.groups), dtype=np.int32)
    found = engine.kernels.drawn(groups, there)

    for group in groups.tolist():
        open_there = there[problem.allowed.row(group)[there]]
        homes = np.unique(problem.start.places(group))
        if not len(open_there):
            assert found[group] == NOWHERE
            continue
        costs = engine.kernels.field(group, np.concatenate([open_there, homes]))
        gain = costs[len(open_there) :].max() - costs[: len(open_there)].min()
        assert found[group] == gain


@settings(deadline=None, max_examples=40)
@given(NUMBERS)
def test_it_follows_a_changed_start_with_the_fewest_moves(number):
    problem = pose(chance_worlds.request(number, SHAPE))
    start = disturbed(problem, number)
    engine = Engine(problem, 0)
    changed = np.zeros(len(engine.model.group_of), dtype=np.int32)
    scratch = np.zeros(len(problem.nodes), dtype=np.int64)
    followed = engine.kernels.follow(places_of(start), scratch, changed)

    assert followed == start.left_from(problem.start) == engine.moved
    assert engine.counts().same(start)
    assert engine.cost == engine.kernels.total()
    assert not scratch.any()


@settings(deadline=None, max_examples=40)
@given(NUMBERS)
def test_a_placement_of_a_known_cost_is_gone_to_without_pricing_it(number):
    problem = pose(chance_worlds.request(number, SHAPE))
    engine = Engine(problem, 0)
    engine.sweep(engine.talking, 0)
    engine.kernels.come_to(places_of(problem.start), Engine(problem, 0).cost)

    assert engine.cost == engine.kernels.total()
    assert anatomy(engine) == anatomy(Engine(problem, 0))


@settings(deadline=None, max_examples=40)
@given(NUMBERS)
def test_what_is_now_becomes_the_start_that_moves_are_counted_from(number):
    problem = pose(chance_worlds.request(number, replace(SHAPE, constrained=0)))
    start = disturbed(problem, number)
    engine, fresh = Engine(problem, 0), Engine(replace(problem, start=start), 0)
    engine.go_to(places_of(start))
    engine.kernels.rebase()

    assert engine.moved == 0
    assert without_excuses(engine) == without_excuses(fresh)


@settings(deadline=None, max_examples=40)
@given(NUMBERS)
def test_a_price_above_every_gain_leaves_the_changed_start_as_it_is(number):
    problem = pose(chance_worlds.request(number, SHAPE))
    start = disturbed(problem, number)

    assert Replanner(problem).replan(start, DEAR).counts.same(start)


@settings(deadline=None, max_examples=60)
@given(NUMBERS, st.sampled_from([None, *Routing]))
def test_its_cost_is_the_references_and_its_placement_feasible(number, routing):
    request = chance_worlds.request(number, replace(SHAPE, routing=routing))
    problem = pose(request)
    replanner = Replanner(problem)
    for seed in range(3):
        start = disturbed(problem, number + seed)
        found = replanner.replan(start, 0)
        moves = moves_of(problem, found.counts)
        where = costs.places(request.snapshot).moved(moves)
        expected = costs.cost(request.attracting, where, request.distances, request.pricing)
        weight = sum(edge.rate for edge in request.edges) * 30
        assert found.cost / problem.scale == pytest.approx(expected, rel=1e-9, abs=1e-9 * weight)
        assert brute_force.holds(request, moves)


@settings(deadline=None, max_examples=40)
@given(NUMBERS)
def test_what_was_placed_anew_is_never_left_dearer_than_it_landed(number):
    problem = pose(chance_worlds.request(number, SHAPE))
    settled = replace(problem, start=BRIEF.solve(problem, Effort(number)).counts)
    start = disturbed(settled, number + 1)
    landed = Engine(replace(problem, start=start), 0).cost

    assert Replanner(settled).replan(start, 0).cost <= landed


def test_a_pod_that_landed_elsewhere_is_brought_back_and_nobody_else_moves():
    names = "abcdefgh"
    pods = [builders.replicas(name, "n1", "n2", "n3", cpu="100m") for name in names]
    snapshot = builders.cluster(builders.nodes(3, 3), pods)
    edges = tuple(
        RoutedEdge(
            builders.workload_reference(one),
            builders.workload_reference(other),
            9.0,
            Routing.LOCAL,
        )
        for one, other in zip(names[::2], names[1::2], strict=True)
    )
    request = Request(snapshot, edges, Unit.BYTES, chance_worlds.distances_of(snapshot))
    problem = pose(request)
    engine = Engine(problem, 0)
    engine.go_to(np.concatenate([[2], engine.places()[1:]]).astype(np.int32))
    landed = engine.counts()
    found = Replanner(problem).replan(landed, 1)

    assert engine.cost > 0
    assert found.cost == 0
    assert found.counts.left_from(landed) == 1
