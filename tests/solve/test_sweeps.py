"""Sweeps of the compiled kernels: who gives way to whom, and what no sweep ever does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.plan import drafts
from shorthaul.plan.posing import pose
from shorthaul.plan.requests import Request
from shorthaul.solve.engine import UNLIMITED, Engine
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels import library
from shorthaul.units import Routing, Unit
from solve import brute_force, chance_worlds
from worlds import builders

pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")

NUMBERS = st.integers(0, 100_000)
ROUTINGS = st.sampled_from([Routing.UNIFORM, Routing.LOCAL])


def engine_of(places, edges, routing, cpu=3):
    """An engine of two nodes of so many cores in two zones; pods by name, node and cores."""
    pods = [builders.pod(name, node, cpu=str(size)) for name, (node, size) in places.items()]
    two = [builders.node(f"n{i}", f"z{i}", cpu=str(cpu)) for i in range(2)]
    snapshot = builders.cluster(two, pods)
    talk = [
        RoutedEdge(*(builders.workload_reference(end) for end in ends), rate, routing)
        for ends, rate in edges.items()
    ]
    request = Request(
        snapshot=snapshot,
        edges=tuple(talk),
        unit=Unit.BYTES,
        distances=chance_worlds.distances_of(snapshot),
        rules=Rules(WorkloadRules(least_hosts=1), {}),
    )
    return Engine(pose(request), 1)


def names_by_node(engine):
    names = [ref.name for group in engine.problem.groups for ref in group.pods]
    places = engine.places().tolist()
    return [
        {name for name, place in zip(names, places, strict=True) if place == node}
        for node in range(len(engine.problem.nodes))
    ]


def sweep_one(engine, name, **more):
    names = [ref.name for group in engine.problem.groups for ref in group.pods]
    return engine.sweep(np.array([names.index(name)], dtype=np.int32), 0, **more)


SWAP = {"a-0": ("n0", 2), "x-0": ("n0", 1), "b-0": ("n1", 1), "y-0": ("n1", 2)}
CROWD = {"a-0": ("n0", 1), "x-0": ("n0", 1), "z-0": ("n0", 1), "b-0": ("n1", 2), "y-0": ("n1", 1)}


@pytest.mark.parametrize("routing", [Routing.UNIFORM, Routing.LOCAL])
def test_a_pod_takes_the_place_of_one_that_loses_less(routing):
    engine = engine_of(SWAP, {("a", "b"): 100.0, ("x", "y"): 1.0}, routing)

    assert sweep_one(engine, "b-0") == 1
    assert names_by_node(engine) == [{"a-0", "b-0"}, {"x-0", "y-0"}]
    assert engine.cost == engine.kernels.total() == 0


@pytest.mark.parametrize("routing", [Routing.UNIFORM, Routing.LOCAL])
def test_a_pod_without_traffic_on_the_node_hinders_no_exchange(routing):
    places = {"a-0": ("n0", 2), "x-0": ("n0", 2), "q-0": ("n0", 1), "b-0": ("n1", 2)}
    talk = {("a", "b"): 100.0, ("x", "y"): 2.0, ("x", "a"): 1.0}
    engine = engine_of({**places, "y-0": ("n1", 2)}, talk, routing, cpu=5)
    before = engine.cost

    assert sweep_one(engine, "b-0") == 1
    assert engine.cost == engine.kernels.total() < before


@pytest.mark.parametrize("routing", [Routing.UNIFORM, Routing.LOCAL])
def test_several_small_pods_give_way_to_a_large_one(routing):
    talk = {("a", "b"): 100.0, ("x", "a"): 1.0, ("z", "a"): 1.0, ("y", "x"): 2.0, ("y", "z"): 2.0}
    engine = engine_of(CROWD, talk, routing)

    assert sweep_one(engine, "b-0") == 1
    assert names_by_node(engine) == [{"a-0", "b-0"}, {"x-0", "y-0", "z-0"}]
    assert engine.cost == engine.kernels.total()


def test_nobody_gives_way_who_would_lose_more():
    engine = engine_of(SWAP, {("a", "x"): 100.0, ("b", "a"): 10.0}, Routing.UNIFORM)
    before = engine.places().tolist()

    assert sweep_one(engine, "b-0") == 0
    assert engine.places().tolist() == before
    assert engine.cost == engine.kernels.total()


def test_a_swap_is_two_moves_and_is_not_made_where_one_is_allowed():
    talk = {("a", "b"): 100.0, ("x", "y"): 1.0}

    assert sweep_one(engine_of(SWAP, talk, Routing.UNIFORM), "b-0", most=1) == 0
    assert sweep_one(engine_of(SWAP, talk, Routing.UNIFORM), "b-0", most=2) == 1


@settings(deadline=None, max_examples=150)
@given(NUMBERS, ROUTINGS, st.sampled_from([102, 110, 130]), st.sampled_from([0, 2**30, 2**50]))
def test_a_sweep_never_worsens_and_never_breaks_a_rule(number, routing, room, price):
    shape = chance_worlds.Shape(6, 8, 5, 14, 40, room, routing)
    request = chance_worlds.request(number, shape)
    engine = Engine(pose(request), number)

    for most in (UNLIMITED, 3, UNLIMITED):
        before, moved = engine.objective(price), engine.moved
        changed = engine.sweep(engine.talking, price, most)
        assert engine.objective(price) <= before
        assert engine.moved <= max(most, moved)
        assert engine.cost == engine.kernels.total()
        assert changed or engine.objective(price) == before
    moves = [(m.pod, m.target_name) for m in drafts.draft(engine.problem, engine.counts())]
    assert brute_force.holds(request, moves)


@settings(deadline=None, max_examples=60)
@given(NUMBERS, ROUTINGS)
def test_a_warm_sweep_forgives_no_more_than_the_traffic_of_the_pods_that_it_moved(number, routing):
    shape = chance_worlds.Shape(6, 8, 5, 14, 40, 120, routing)
    engine = Engine(pose(chance_worlds.request(number, shape)), number)
    before = engine.cost

    changed = engine.sweep(engine.talking, 0, heat=1)
    assert engine.cost == engine.kernels.total()
    largest = max((int(rank) for rank in engine.model.group[:, at.RANK]), default=0)
    assert engine.cost - before <= changed * largest // 100
