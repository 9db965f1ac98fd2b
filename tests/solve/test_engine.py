"""The compiled kernels against the slow reference, whatever is swept, ruined, gathered or moved."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster.targets import LatencyTarget
from shorthaul.plan import drafts
from shorthaul.plan.posing import pose
from shorthaul.solve import costs
from shorthaul.solve.draws import Draws
from shorthaul.solve.engine import UNLIMITED, Engine
from shorthaul.solve.kernels import library
from shorthaul.units import TIERS, Namespace, Objective, Routing, Unit
from solve import brute_force, chance_worlds
from solve.anatomies import anatomy, anew
from worlds import builders

pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")

NUMBERS = st.integers(0, 100_000)
ROUTINGS = st.sampled_from([None, *Routing])
BARE = st.sampled_from([0, 5, 50, 100])
SHAPE = chance_worlds.Shape(nodes=6, workloads=6, replicas=5, edges=10, constrained=50)
MILLISECONDS = dict(zip(TIERS, (0.0, 0.25, 0.5, 2.0, 40.0), strict=True))


def shape_of(routing, bare_percent):
    return chance_worlds.Shape(6, 6, 5, 10, 50, routing=routing, bare_percent=bare_percent)


def sweep(engine, draws):
    pods = draws.shuffled(range(len(engine.model.group_of)))
    price = draws.pick([0, 2**30, 2**50])
    most, heat = draws.pick([UNLIMITED, 0, 2]), draws.pick([0, 20, 1024])
    engine.sweep(np.array(pods, dtype=np.int32), price, most, heat)


def ruin(engine, draws):
    heats = np.array([draws.pick([0, 2**40, 2**57]) for _ in range(3)], dtype=np.int64)
    most, blink = draws.pick([UNLIMITED, 3]), draws.pick([0, 300])
    engine.ruin(20, draws.pick([0, 2**45]), heats, most=most, size=8, blink=blink)


def gather(engine, draws):
    nodes = len(engine.problem.nodes)
    targets = [draws.below(nodes + 1) - 1 for _ in engine.model.group_of]
    if not engine.gather(np.array(targets, dtype=np.int64)):
        engine.go_home()


def move(engine, draws):
    pod = draws.below(len(engine.model.group_of))
    group, places = int(engine.model.group_of[pod]), engine.places()
    engine.kernels.shift(group, int(places[pod]), -1)
    engine.kernels.shift(group, draws.below(len(engine.problem.nodes)), 1)
    engine.go_to(engine.places())


def wandered(problem, number, steps=(sweep, ruin, gather, move)):
    """An engine after a few steps of any kind."""
    engine, draws = Engine(problem, number), Draws(number, 11)
    for _ in range(6 if problem.groups else 0):
        draws.pick(list(steps))(engine, draws)
    return engine


def moves_of(engine):
    return [(m.pod, m.target_name) for m in drafts.draft(engine.problem, engine.counts())]


def agrees_with_the_reference(request, engine):
    where = costs.places(request.snapshot).moved(moves_of(engine))
    expected = costs.cost(request.attracting, where, request.distances, request.pricing)
    weight = sum(edge.rate for edge in request.edges) * max(request.pricing.tiers.values())
    found = engine.cost / engine.problem.scale
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * weight)
    assert engine.cost == engine.kernels.total()
    assert engine.moved == engine.counts().left_from(engine.problem.start)


@settings(deadline=None, max_examples=120)
@given(NUMBERS, ROUTINGS, BARE)
def test_cost_and_net_moves_equal_the_reference_after_any_steps(number, routing, bare_percent):
    request = chance_worlds.request(number, shape_of(routing, bare_percent))

    agrees_with_the_reference(request, wandered(pose(request), number))


@settings(deadline=None, max_examples=40)
@given(NUMBERS, ROUTINGS)
def test_links_with_prices_of_their_own_cost_what_the_reference_says(number, routing):
    draws = Draws(number, 13)
    names = [f"w{i}" for i in range(SHAPE.workloads)]
    clients = frozenset(map(builders.workload_reference, names))
    targets = tuple(
        LatencyTarget(clients, Namespace("shop"), "", name, draws.pick([0.2, 1.0, 3.0]), 10.0)
        for name in names
        if draws.chance(50)
    )
    request = chance_worlds.request(
        number,
        shape_of(routing, 20),
        unit=Unit.FLOWS,
        objective=Objective.LATENCY,
        prices=MILLISECONDS,
        targets=targets,
    )

    agrees_with_the_reference(request, wandered(pose(request), number))


@settings(deadline=None, max_examples=60)
@given(NUMBERS, ROUTINGS, BARE)
def test_a_state_is_the_same_by_whatever_way_it_was_reached(number, routing, bare_percent):
    request = chance_worlds.request(number, shape_of(routing, bare_percent))
    engine = wandered(pose(request), number)

    assert anatomy(engine) == anew(engine)


@settings(deadline=None, max_examples=60)
@given(NUMBERS, ROUTINGS)
def test_a_refused_trial_leaves_nothing_behind(number, routing):
    request = chance_worlds.request(number, shape_of(routing, 5))
    engine = Engine(pose(request), number)
    if not len(engine.talking):
        return
    before, places = anatomy(engine), engine.places()

    assert engine.sweep(engine.talking, 0, 0) == 0
    assert engine.places().tolist() == places.tolist()
    engine.ruin(50, 0, np.zeros(1, dtype=np.int64), most=0, size=8, blink=0)
    assert anatomy(engine) == before


@settings(deadline=None, max_examples=100)
@given(NUMBERS, ROUTINGS, st.sampled_from([105, 140, 250]))
def test_sweeps_ruins_and_gathers_keep_every_constraint(number, routing, room):
    shape = chance_worlds.Shape(6, 6, 5, 10, 80, room, routing)
    request = chance_worlds.request(number, shape)
    engine = wandered(pose(request), number, (sweep, ruin, gather))

    assert brute_force.holds(request, moves_of(engine))


@settings(deadline=None, max_examples=30)
@given(NUMBERS)
def test_going_home_undoes_everything(number):
    engine = wandered(pose(chance_worlds.request(number, SHAPE)), number)
    engine.go_home()

    assert anatomy(engine) == anatomy(Engine(engine.problem, 0))
    assert engine.counts().same(engine.problem.start)


@settings(deadline=None, max_examples=30)
@given(NUMBERS)
def test_the_best_of_a_ruin_has_the_objective_that_it_returned(number):
    engine = Engine(pose(chance_worlds.request(number, SHAPE)), number)
    if not len(engine.talking):
        return
    heats = np.array([2**57, 2**50, 0], dtype=np.int64)
    least = engine.ruin(60, 2**40, heats, most=3, size=8, blink=20)
    engine.go_to(engine.best())

    assert engine.objective(2**40) == least
    assert engine.moved <= 3
