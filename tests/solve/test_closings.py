"""A closed search: never worse, within its budget, and its bound below every placement's cost."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shorthaul.plan.planning import make_plan
from shorthaul.plan.posing import effort_of, pose
from shorthaul.solve import closings
from shorthaul.solve.bounds import THOROUGH
from shorthaul.solve.local_search import LocalSearch
from shorthaul.units import Routing
from solve import brute_force, chance_worlds

NUMBERS = st.integers(0, 100_000)
ROOMS = st.sampled_from([110, 150, 250])
SYMMETRIC = st.sampled_from([Routing.UNIFORM, Routing.LOCAL])
SMALL = chance_worlds.Shape(replicas=2, constrained=60)
LARGER = chance_worlds.Shape(nodes=6, workloads=7, replicas=4, edges=12)


def paid(problem, effort, found):
    return found.cost + effort.move_price * found.counts.left_from(problem.start)


@settings(deadline=None, max_examples=40)
@given(NUMBERS, ROOMS, SYMMETRIC, st.sampled_from([None, 0, 1, 3]), st.sampled_from([0, 50, 500]))
def test_a_closed_search_is_no_worse_and_keeps_to_budget_and_price(
    number, room, routing, most, price_percent
):
    shape = replace(LARGER, room_percent=room, routing=routing)
    request = chance_worlds.request(number, shape, max_moves=most)
    problem = pose(request)
    effort = effort_of(request, problem)
    effort = replace(effort, move_price=effort.move_price + problem_price(problem, price_percent))
    found = LocalSearch().solve(problem, effort)

    closed = closings.close(problem, effort, found, 1.0)

    assert paid(problem, effort, closed.assignment) <= paid(problem, effort, found)
    assert closed.lower <= closed.assignment.cost / problem.scale * (1 + 1e-9) + 1e-9
    if most is not None:
        assert closed.assignment.counts.left_from(problem.start) <= most
        assert closed.lower == 0


def problem_price(problem, percent):
    """So many percent of what a pod costs on average."""
    pods = max(1, sum(len(group.pods) for group in problem.groups))
    weight = sum(link.weight for link in problem.links)
    return round(weight * problem.scale / pods * percent / 100)


@settings(deadline=None, max_examples=40)
@given(NUMBERS, ROOMS, SYMMETRIC)
def test_a_thorough_plan_of_a_tiny_world_is_the_best_of_all_placements(number, room, routing):
    shape = replace(SMALL, room_percent=room, routing=routing)
    request = chance_worlds.request(number, shape, solver=LocalSearch(), proof=THOROUGH)
    assume(1 < brute_force.size(request) <= 400)

    plan = make_plan(request)

    best = brute_force.best_cost(request)
    assert plan.value.lower_bound == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert plan.value.lower_bound <= best + 1e-6
    if not plan.refusals:
        assert plan.value.after == pytest.approx(best, rel=1e-6, abs=1e-6)
