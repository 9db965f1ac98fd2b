"""The frontier is concave, begins with no move, and has one knee."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.plan.frontiers import Point, budgets, frontier, hull, knee_of, sweep, unbeaten
from shorthaul.plan.posing import effort_of, pose
from shorthaul.solve.problems import Assignment
from shorthaul.solve.searches import Search
from solve import chance_worlds

NOTHING = Assignment(np.zeros((0, 0), dtype=np.int64), 0)
QUICK = Search(turns_per_pod=2, least_turns=150)
PAIRS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 1000)), max_size=12)


def points(*pairs):
    return [Point(0, 0, NOTHING), *(Point(moves, gain, NOTHING) for moves, gain in pairs)]


@given(PAIRS)
def test_the_hull_is_concave_and_rising(pairs):
    found = hull(points(*pairs))

    slopes = [
        (after.gain - before.gain) / (after.moves - before.moves)
        for before, after in pairwise(found)
    ]
    assert found[0].moves == 0
    assert all(slope > 0 for slope in slopes)
    assert all(one > other for one, other in pairwise(slopes))


@given(PAIRS)
def test_no_point_lies_above_the_hull(pairs):
    found = hull(points(*pairs))

    assert max((gain for _, gain in pairs), default=0) == found[-1].gain


def test_the_knee_is_where_moves_stop_paying():
    assert knee_of(hull(points((1, 80), (2, 95), (10, 100)))).moves == 2


def test_a_straight_frontier_has_its_knee_at_its_end():
    assert knee_of(hull(points((5, 50)))).moves == 5


@given(PAIRS)
def test_the_curve_keeps_what_nothing_beats_with_as_few_moves(pairs):
    everything = points(*pairs)
    found = unbeaten(everything)

    assert all(one.moves < other.moves for one, other in pairwise(found))
    assert all(one.gain < other.gain for one, other in pairwise(found))
    for point in everything:
        assert any(one.moves <= point.moves and one.gain >= point.gain for one in found)
    assert {(one.moves, one.gain) for one in hull(everything)} <= {
        (one.moves, one.gain) for one in found
    }


def test_budgets_are_asked_for_where_no_corner_is_near():
    found = budgets(hull(points((100, 80), (1000, 100))))

    assert found == (20, 50, 200, 300, 400, 500, 600, 700, 800, 900)


def test_the_curve_has_points_between_the_corners_of_the_hull():
    request = chance_worlds.request(
        12, chance_worlds.Shape(nodes=8, workloads=12, replicas=6, edges=30), solver=QUICK
    )
    problem = pose(request)
    corners = {one.moves for one in sweep(problem, QUICK, effort_of(request, problem))}
    found = frontier(request)

    assert len({stop.moves for stop in found.stops} - corners) >= 3
    assert found.knee.moves > 0


def test_without_a_gain_the_knee_is_to_stay():
    assert knee_of(hull(points())).moves == 0


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 10_000))
def test_the_frontier_of_a_request_begins_with_none_and_ends_with_the_most_gain(number):
    found = frontier(chance_worlds.request(number, solver=QUICK))

    assert found.stops[0].moves == 0
    assert found.stops[0].gain == 0
    assert found.knee in found.stops
    assert [stop.gain for stop in found.stops] == sorted(stop.gain for stop in found.stops)
    assert found.unit == "bytes/s·distance"
