"""The search by blocks: what it saves is what the cost falls by, and the limits are kept."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.plan import drafts
from shorthaul.plan.posing import effort_of, pose
from shorthaul.solve.engine import Blocks, Engine, in_blocks
from shorthaul.solve.kernels import blocks, library
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.searches import Search
from shorthaul.topology.distances import DEFAULT_LABELS, Scale, measure
from shorthaul.units import TIERS, Routing
from solve import brute_force, chance_worlds

pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")

NUMBERS = st.integers(0, 100_000)
ROUTINGS = st.sampled_from([Routing.UNIFORM, Routing.LOCAL])
FLAT = Scale(DEFAULT_LABELS, dict(zip(TIERS, (0.0, 1.0, 1.0, 1.0, 1.0), strict=True)))


def flat_request(number, routing, room=150):
    """A random world where only what stays on a host costs less."""
    shape = chance_worlds.Shape(7, 7, 6, 12, 40, room, routing)
    snapshot = chance_worlds.request(number, shape).snapshot
    labels = {name: node.labels for name, node in snapshot.nodes.items()}
    return chance_worlds.request(number, shape, distances=measure(labels, FLAT))


def searched(engine, price):
    found = in_blocks(engine, 1)
    if found is not None:
        for heat in (2**56, 2**50, 0):
            found.ruin(60, price, np.array([heat], dtype=np.int64), size=9, blink=20)
    return found


def gone_to(engine, found):
    """Goes to where the blocks are, whatever the rules say of the pods that stay."""
    targets = found.targets()
    engine.go_to(np.where(targets >= 0, targets, engine.state.place).astype(np.int32))


@settings(deadline=None, max_examples=150)
@given(NUMBERS, ROUTINGS, st.sampled_from([0, 2**40, 2**54]))
def test_what_blocks_save_is_what_the_objective_falls_by(number, routing, price):
    engine = Engine(pose(flat_request(number, routing)), 3)
    before = engine.objective(price)
    found = searched(engine, price)
    if found is None:
        return
    gone_to(engine, found)

    assert engine.objective(price) == before - found.saved
    assert found.saved >= 0


@settings(deadline=None, max_examples=100)
@given(NUMBERS, ROUTINGS, st.sampled_from([105, 140]))
def test_blocks_keep_to_the_room_the_caps_the_floors_and_the_open_nodes(number, routing, room):
    engine = Engine(pose(flat_request(number, routing, room)), 3)
    start, today = engine.counts().dense(), engine.state.free.copy()
    found = searched(engine, 0)
    if found is None:
        return
    gone_to(engine, found)
    after, model = engine.counts().dense(), engine.model

    more = after > start
    group = model.group
    assert (after[more] <= np.broadcast_to(group[:, [at.HOST_CAP]], after.shape)[more]).all()
    assert model.open[group[:, at.CLASS]][more].all()
    hosts, had = (after > 0).sum(axis=1), (start > 0).sum(axis=1)
    assert (hosts >= np.minimum(had, group[:, at.FLOOR])).all()
    lifted = blocks.plain(model) & (group[:, at.ENTRY0] == group[:, at.ENTRY1])
    room_left = engine.state.free + after[lifted].T @ model.request[lifted]
    assert (room_left >= np.minimum(0, today)).all()


@settings(deadline=None, max_examples=100)
@given(NUMBERS, ROUTINGS, st.sampled_from([105, 140, 250]))
def test_plans_of_flat_worlds_pass_the_reference_checker(number, routing, room):
    request = flat_request(number, routing, room)
    problem = pose(request)
    found = Search(turns_per_pod=3, least_turns=150).solve(problem, effort_of(request, problem))
    again = Search(turns_per_pod=3, least_turns=150).solve(problem, effort_of(request, problem))

    moves = [(move.pod, move.target_name) for move in drafts.draft(problem, found.counts)]
    assert brute_force.holds(request, moves)
    assert found.counts.same(again.counts)


def test_where_racks_or_zones_save_something_or_traffic_is_directed_blocks_are_not_asked():
    layered = Engine(pose(chance_worlds.request(4)), 1)
    directed = Engine(pose(flat_request(4, Routing.NODE)), 1)

    assert in_blocks(layered, 1) is None
    assert in_blocks(directed, 1) is None


def test_a_search_leaves_the_problem_as_it_is_however_its_room_lies_in_memory():
    made = pose(flat_request(7, Routing.LOCAL))
    problem = replace(made, room=np.asfortranarray(made.room))
    Engine(problem, 1).go_to(np.zeros(sum(len(g.pods) for g in problem.groups), dtype=np.int32))

    assert np.array_equal(problem.room, pose(flat_request(7, Routing.LOCAL)).room)


def test_some_random_worlds_are_searched_by_blocks_and_gain():
    gains = []
    for number in range(30):
        found = searched(Engine(pose(flat_request(number, Routing.LOCAL)), 3), 0)
        gains.append(isinstance(found, Blocks) and found.saved > 0)

    assert sum(gains) > 10
