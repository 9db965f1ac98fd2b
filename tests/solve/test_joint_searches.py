"""Places and routing searched together: sound, within the budget and the load, priced right."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.plan import drafts
from shorthaul.plan.posing import effort_of, pose
from shorthaul.plan.recommendations import load
from shorthaul.solve import costs, joint_searches
from shorthaul.solve.kernels import library
from shorthaul.units import Routing
from solve import brute_force, chance_worlds

pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")

NUMBERS = st.integers(0, 100_000)
LIMITS = st.sampled_from([1.0, 1.5, 3.0])
PROXIED = (Routing.UNIFORM, Routing.ZONE, Routing.NODE)
BRIEF = 40


def posed(number, routing=Routing.UNIFORM, room=150, **more):
    shape = chance_worlds.Shape(7, 7, 5, 12, 70, room, routing)
    request = chance_worlds.request(number, shape, **more)
    return request, pose(request)


def searched(request, problem, limit, open_=PROXIED):
    ways = joint_searches.Ways(limit, dict.fromkeys(range(problem.background.rows), open_))
    found = joint_searches.search(problem, effort_of(request, problem), ways, BRIEF)
    moves = [(m.pod, m.target_name) for m in drafts.draft(problem, found.assignment.counts)]
    return found, moves


def rerouted(request, problem, found):
    wishes = {problem.vertices[server]: way for server, way in found.routings.items()}
    return [
        replace(edge, routing=wishes.get(edge.server, edge.routing)) for edge in request.attracting
    ]


@settings(deadline=None, max_examples=80)
@given(NUMBERS, st.sampled_from(PROXIED), LIMITS, st.sampled_from([None, 0, 2, 5]))
def test_every_placement_passes_the_reference_checker_within_its_budget(
    number, routing, limit, most
):
    request, problem = posed(number, routing, room=110, max_moves=most)
    found, moves = searched(request, problem, limit)

    assert brute_force.holds(request, moves)
    assert most is None or found.assignment.counts.left_from(problem.start) <= most


@settings(deadline=None, max_examples=60)
@given(NUMBERS, st.sampled_from(PROXIED), LIMITS)
def test_the_cost_told_is_the_references_for_the_routing_told(number, routing, limit):
    request, problem = posed(number, routing)
    found, moves = searched(request, problem, limit)

    where = costs.places(request.snapshot).moved(moves)
    edges = rerouted(request, problem, found)
    after = costs.cost(edges, where, request.distances, request.pricing)
    weight = sum(edge.rate for edge in request.edges) * 30
    told = found.assignment.cost / problem.scale
    assert told == pytest.approx(after, rel=1e-9, abs=1e-9 * weight)


@settings(deadline=None, max_examples=60)
@given(NUMBERS, st.sampled_from(PROXIED), LIMITS)
def test_a_server_routed_anew_loads_no_endpoint_beyond_the_limit(number, routing, limit):
    request, problem = posed(number, routing)
    found, moves = searched(request, problem, limit)

    where = costs.places(request.snapshot).moved(moves)
    into = {}
    for edge in rerouted(request, problem, found):
        into.setdefault(edge.server, []).append(edge)
    for server, way in found.routings.items():
        edges = into[problem.vertices[server]]
        if way is not routing and way is not Routing.UNIFORM:
            assert load(edges, way, where, request.distances).shares <= limit * (1 + 1e-9)


@settings(deadline=None, max_examples=40)
@given(NUMBERS, st.sampled_from(PROXIED))
def test_it_is_never_worse_than_today(number, routing):
    request, problem = posed(number, routing)
    found, moves = searched(request, problem, 1.5)

    today = costs.places(request.snapshot)
    before = costs.cost(request.attracting, today, request.distances, request.pricing)
    price = effort_of(request, problem).move_price / problem.scale
    weight = sum(edge.rate for edge in request.edges) * 30
    assert found.assignment.cost / problem.scale + price * len(moves) <= before + 1e-9 * weight


@settings(deadline=None, max_examples=15)
@given(NUMBERS)
def test_the_same_seed_finds_the_same(number):
    request, problem = posed(number)
    one, other = (searched(request, problem, 1.5)[0] for _ in range(2))

    assert one.routings == other.routings
    assert one.assignment.counts.same(other.assignment.counts)


def test_where_no_other_way_is_open_all_is_routed_as_today():
    request, problem = posed(3, Routing.ZONE)
    found, _ = searched(request, problem, 1.0, open_=())

    assert set(found.routings.values()) == {Routing.ZONE}


def test_it_fits_no_problem_with_local_routing_or_servers_routed_in_two_ways():
    _, problem = posed(3)
    mixed = (replace(problem.links[0], routing=Routing.NODE), *problem.links[1:])
    twice = (problem.links[0], replace(problem.links[0], routing=Routing.NODE))
    local = (replace(problem.links[0], routing=Routing.LOCAL),)

    assert joint_searches.fits(problem)
    assert not joint_searches.fits(replace(problem, links=local))
    assert not joint_searches.fits(replace(problem, links=(*mixed, *twice)))
