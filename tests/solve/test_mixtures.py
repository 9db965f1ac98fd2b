"""Mixtures of what nodes hold: no worse than what they are made of, within the limits, and told to
the unit."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shorthaul.plan import drafts
from shorthaul.plan.posing import effort_of, pose
from shorthaul.solve import block_searches, linear_programs, mixtures
from shorthaul.solve.engine import Engine, in_blocks
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels import library
from shorthaul.solve.searches import Search
from shorthaul.units import Routing
from solve import brute_force
from solve.test_blocks import NUMBERS, ROUTINGS, flat_request, gone_to

pytestmark = pytest.mark.skipif(
    not library.available() or not linear_programs.available(),
    reason="the kernels were not compiled, or HiGHS is not installed",
)
NARROW_MARGIN = 1e-5
TALKING = 4
COLD = np.array([0], dtype=np.int64)


def parents(engine, price, turns=25):
    """Three short searches from where an engine is."""
    first = in_blocks(engine, 1)
    if first is None:
        return []
    found = [first, first.again(2), first.again(3)]
    for each in found:
        each.ruin(turns, price, COLD, size=6, blink=20)
    return found


@settings(deadline=None, max_examples=150)
@given(NUMBERS, ROUTINGS, st.sampled_from([0, 2**40, 2**54]), st.sampled_from([105, 150]))
@example(104, Routing.LOCAL, 0, 150)
def test_a_mixture_saves_what_it_says_and_no_less_than_its_parents(number, routing, price, room):
    engine = Engine(pose(flat_request(number, routing, room)), 3)
    before, all_traffic = engine.objective(price), engine.all_traffic
    found = parents(engine, price)
    if not found:
        return
    best = max(each.saved for each in found)
    counts = found[0].mixture([each.counts for each in found], price)
    mixed = found[0].at(counts, price, 1)
    if mixed is None:
        return
    gone_to(engine, mixed)

    assert engine.objective(price) == before - mixed.saved
    assert mixed.saved >= best - NARROW_MARGIN * (all_traffic + price * len(engine.talking))


@settings(deadline=None, max_examples=100)
@given(NUMBERS, ROUTINGS, st.sampled_from([105, 140]))
def test_a_mixture_keeps_to_the_room_the_caps_the_floors_and_the_open_nodes(number, routing, room):
    engine = Engine(pose(flat_request(number, routing, room)), 3)
    start, group = engine.counts().dense(), engine.model.group
    found = parents(engine, 0)
    mixed = (
        found[0].at(found[0].mixture([each.counts for each in found], 0), 0, 1) if found else None
    )
    if mixed is None:
        return
    room_before = (
        mixed._tables.free + mixed._tables.across.T.astype(np.int64) @ mixed._tables.request
    )
    gone_to(engine, mixed)
    after = engine.counts().dense()

    more = after > start
    assert (after[more] <= np.broadcast_to(group[:, [at.HOST_CAP]], after.shape)[more]).all()
    assert engine.model.open[group[:, at.CLASS]][more].all()
    hosts, had = (after > 0).sum(axis=1), (start > 0).sum(axis=1)
    assert (hosts >= np.minimum(had, group[:, at.FLOOR])).all()
    held = mixed.counts.T.astype(np.int64) @ mixed._tables.request
    worse = held > room_before
    today = mixed._tables.start.T.astype(np.int64) @ mixed._tables.request
    assert (held[worse] <= today[worse]).all()


def test_mixtures_of_some_random_worlds_are_better_than_each_of_their_parents():
    better = 0
    for number in range(40):
        engine = Engine(pose(flat_request(number, Routing.LOCAL)), 3)
        found = parents(engine, 0, turns=3)
        mixed = found and found[0].at(found[0].mixture([each.counts for each in found], 0), 0, 1)
        better += bool(mixed) and mixed.saved > max(each.saved for each in found)

    assert better >= 5


def test_pods_that_a_mixture_does_not_tell_of_are_placed():
    engine = Engine(pose(flat_request(TALKING, Routing.LOCAL, 400)), 3)
    found = in_blocks(engine, 1)
    nothing = found.at(np.zeros_like(found.counts), 0, 1)

    assert (nothing.counts.sum(axis=1) == nothing._tables.size).all()


@settings(deadline=None, max_examples=20)
@given(NUMBERS, st.sampled_from([105, 140, 250]))
def test_a_search_with_turns_for_mixtures_passes_the_reference_checker_twice_the_same(number, room):
    request = flat_request(number, Routing.LOCAL, room)
    problem = pose(request)
    search = Search(turns_per_pod=0, least_turns=block_searches.SEVERAL // 3, most_turns=10**6)
    found, again = (search.solve(problem, effort_of(request, problem)) for _ in range(2))

    assert brute_force.holds(
        request, [(move.pod, move.target_name) for move in drafts.draft(problem, found.counts)]
    )
    assert found.counts.same(again.counts)


def test_too_many_different_contents_are_not_mixed(monkeypatch):
    engine = Engine(pose(flat_request(TALKING, Routing.LOCAL)), 3)
    found = parents(engine, 0)
    monkeypatch.setattr(mixtures, "MOST_CONTENTS", 0)

    assert found[0].mixture([each.counts for each in found], 0) is None
