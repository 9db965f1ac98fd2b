"""What the compiled search promises on any world: feasible, within budget, the same every time."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.plan import drafts
from shorthaul.plan.posing import effort_of, pose
from shorthaul.solve import costs, partitions
from shorthaul.solve.choices import engine
from shorthaul.solve.kernels import library
from shorthaul.solve.move_prices import MOST_FOR_ALL_MOVES, bearable
from shorthaul.solve.searches import QUICK, Search
from shorthaul.solve.solvers import Effort
from shorthaul.units import Routing
from solve import brute_force, chance_worlds

pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")

NUMBERS = st.integers(0, 100_000)
BRIEF = Search(turns_per_pod=3, least_turns=200)


def shape_of(room, routing=None):
    return chance_worlds.Shape(7, 7, 5, 12, 70, room, routing)


def solved(request, solver=BRIEF):
    problem = pose(request)
    found = solver.solve(problem, effort_of(request, problem))
    return problem, found, [(m.pod, m.target_name) for m in drafts.draft(problem, found.counts)]


@settings(deadline=None, max_examples=120)
@given(NUMBERS, st.sampled_from([105, 140, 250]), st.sampled_from([None, *Routing]))
def test_every_placement_passes_the_reference_checker(number, room, routing):
    request = chance_worlds.request(number, shape_of(room, routing))
    _, _, moves = solved(request)

    assert brute_force.holds(request, moves)


@settings(deadline=None, max_examples=60)
@given(NUMBERS, st.sampled_from([105, 200]), st.integers(0, 6))
def test_a_budget_of_moves_is_kept_and_the_placement_is_feasible(number, room, most):
    request = chance_worlds.request(number, shape_of(room), max_moves=most)
    problem, found, moves = solved(request)

    assert len(moves) == found.counts.left_from(problem.start)
    assert len(moves) <= most
    assert brute_force.holds(request, moves)


@settings(deadline=None, max_examples=40)
@given(NUMBERS, st.sampled_from([None, *Routing]))
def test_the_cost_told_is_the_references_and_never_above_todays(number, routing):
    request = chance_worlds.request(number, shape_of(150, routing))
    problem, found, moves = solved(request)

    today = costs.places(request.snapshot)
    weight = sum(edge.rate for edge in request.edges) * 30
    before, after = (
        costs.cost(request.attracting, where, request.distances, request.pricing)
        for where in (today, today.moved(moves))
    )
    assert found.cost / problem.scale == pytest.approx(after, rel=1e-9, abs=1e-9 * weight)
    assert after <= before + 1e-9 * weight


@settings(deadline=None, max_examples=20)
@given(NUMBERS)
def test_a_thread_finds_what_the_main_thread_finds(number):
    request = chance_worlds.request(number, shape_of(150))
    here = solved(request)[1]
    with ThreadPoolExecutor(2) as pool:
        others = [found for _, found, _ in pool.map(solved, [request, request])]

    assert all(other.counts.same(here.counts) for other in others)
    assert {other.cost for other in others} == {here.cost}


@settings(deadline=None, max_examples=30)
@given(NUMBERS)
def test_the_quick_search_is_feasible_too(number):
    request = chance_worlds.request(number, shape_of(150))
    problem, found, moves = solved(request, QUICK)

    assert brute_force.holds(request, moves)
    assert found.counts.totals().tolist() == problem.start.totals().tolist()


def test_without_metis_the_search_begins_from_todays_placement(monkeypatch):
    monkeypatch.setattr(partitions, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "pymetis", None)
    for number in range(10):
        request = chance_worlds.request(number, shape_of(150))
        _, _, moves = solved(request)
        assert brute_force.holds(request, moves)

    assert not partitions.available()
    assert engine(BRIEF) == library.ENGINE


def test_a_world_without_traffic_stays_as_it_is():
    request = chance_worlds.request(5, shape_of(150), edges=())
    problem, found, moves = solved(request)

    assert moves == []
    assert found.cost == 0
    assert np.array_equal(found.counts.amounts, problem.start.amounts)


def test_a_hand_larger_than_there_is_room_for_is_as_large_as_there_is():
    problem = pose(chance_worlds.request(3, shape_of(150)))
    largest, larger = (Search(turns_per_pod=0, least_turns=300, hand=n) for n in (511, 5000))

    found, expected = (one.solve(problem, Effort(seed=1)) for one in (larger, largest))

    assert found.counts.same(expected.counts)


@given(st.floats(1, 1e300), st.integers(0, 10**6))
def test_the_price_of_all_moves_stays_within_what_the_kernels_count_in(price, pods):
    found = bearable(price, pods)

    assert found * max(1, pods) <= MOST_FOR_ALL_MOVES * (1 + 1e-9)
    assert found == price or price * max(1, pods) > MOST_FOR_ALL_MOVES


@pytest.mark.parametrize("search", [Search(), QUICK])
@pytest.mark.parametrize("most", [None, 3])
def test_links_that_carry_nothing_move_nothing(search, most):
    made = pose(chance_worlds.request(7, chance_worlds.Shape(7, 7, 6, 12, 40)))
    problem = replace(
        made, links=tuple(replace(link, weight=0.0) for link in made.links), scale=1.0
    )

    assert search.solve(problem, Effort(seed=1, most_moves=most)).cost == 0


def test_what_is_found_does_not_depend_on_how_arrays_lie_in_memory():
    made = pose(chance_worlds.request(7, chance_worlds.Shape(7, 7, 6, 12, 40)))
    fields = {name: getattr(made, name) for name in ("room", "tiers", "requests", "zoned")}
    turned = {name: _elsewhere(array) for name, array in fields.items()}
    allowed = replace(made.allowed, open=_elsewhere(made.allowed.open))
    found, expected = (
        QUICK.solve(problem, Effort(seed=1))
        for problem in (replace(made, allowed=allowed, **turned), made)
    )

    assert found.counts.same(expected.counts)


def _elsewhere(array):
    """The same numbers, each apart from the next."""
    wide = np.repeat(array, 2, axis=-1)[..., ::2]
    assert not wide.flags.c_contiguous
    return wide
