"""What a move has to gain where no policy says what one costs."""

import pytest

from plan.test_planning import request_for
from shorthaul.cluster.routings import RoutedEdge
from shorthaul.plan.frontiers import frontier
from shorthaul.plan.joint_planning import make_joint_plan
from shorthaul.plan.least_gains import SHARE, from_traffic
from shorthaul.plan.planning import make_plan
from shorthaul.plan.posing import pose
from shorthaul.units import Routing
from worlds import builders


def edge(client, server, rate):
    ends = builders.workload_reference(client), builders.workload_reference(server)
    return RoutedEdge(*ends, rate, Routing.UNIFORM)


def world(small=10.0, scale=1.0, **more):
    """Much traffic that no room is there to shorten, and a little that one move would."""
    big = [builders.pod("a-0", "n1", cpu="3"), builders.pod("b-0", "n2", cpu="3")]
    little = [builders.pod("c-0", "n1"), builders.pod("d-0", "n2"), builders.pod("quiet-0", "n1")]
    edges = (edge("a", "b", 1000 * scale), edge("c", "d", small * scale))
    return request_for(builders.nodes(2, 2), big, little, edges=edges, **more)


def test_the_price_is_a_share_of_what_an_average_talking_pods_traffic_costs():
    request = world()

    assert from_traffic(pose(request)) == pytest.approx(SHARE * 1010 * 10 / 4)


def test_traffic_of_pods_that_all_stay_makes_no_move_dearer():
    request = world()
    movable = {pod: nodes for pod, nodes in _allowed(request).items() if pod.name in {"c-0", "d-0"}}

    assert from_traffic(pose(request, movable)) == pytest.approx(SHARE * 10 * 10 / 2)


def test_without_movable_pods_that_talk_there_is_no_price():
    assert from_traffic(pose(world(), {})) == 0


@pytest.mark.parametrize("scale", [1e-6, 1, 1e9])
def test_a_move_that_gains_little_beside_what_there_is_is_not_made(scale):
    plan = make_plan(world(scale=scale, move_price=None))

    assert plan.moves == ()
    assert [one.reason.code for one in plan.refusals if one.pod.name == "c-0"] == ["NotWorthIt"]
    assert float(plan.inputs["movePrice"]) == pytest.approx(SHARE * 1010 * scale * 10 / 4)


@pytest.mark.parametrize("scale", [1e-6, 1, 1e9])
def test_a_move_that_gains_enough_is_made_whatever_the_unit(scale):
    assert len(make_plan(world(small=200.0, scale=scale, move_price=None)).moves) == 1


def test_the_frontier_and_joint_plans_have_the_price_that_plans_have():
    request = world(move_price=None)

    assert [stop.moves for stop in frontier(request).stops] == [0]
    plan = make_joint_plan(request)
    assert plan.moves == ()
    assert plan.inputs["movePrice"] == make_plan(request).inputs["movePrice"]


def test_a_price_of_nothing_is_taken_at_its_word():
    assert len(make_plan(world(move_price=0.0)).moves) == 1


def test_a_limit_of_moves_is_not_blamed_where_a_move_gains_too_little():
    plan = make_plan(world(move_price=None, max_moves=60))

    assert {one.reason.code for one in plan.refusals if one.pod.name == "c-0"} == {"NotWorthIt"}


def _allowed(request):
    return {pod: frozenset(request.snapshot.nodes) for pod in request.snapshot.pods}
