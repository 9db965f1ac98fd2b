"""A moved pod goes home unless that hurts another one that was moved."""

import pytest

from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.worlds import World
from shorthaul.plan.drafts import Draft
from shorthaul.plan.returns import Returns
from worlds import builders

ANYTHING = Rules(WorkloadRules(least_hosts=1))


def move(pod, target):
    return Draft(0, 0, 1, builders.reference(pod), target)


def returns(moves, *parts, rules=ANYTHING):
    world = World(builders.cluster(*parts), rules)
    return world, Returns(world, rules, moves)


def test_a_pod_goes_home_to_a_node_with_room():
    moves = [move("a-0", "n2"), move("b-0", "n1")]
    pods = [builders.pod("a-0", "n1"), builders.pod("b-0", "n2")]
    world, found = returns(moves, builders.nodes(2), pods)

    assert found.send_home(moves[0])
    assert world.pod(moves[0].pod).node == "n1"


def test_a_pod_stays_away_while_another_needs_its_room():
    moves = [move("a-0", "n3"), move("b-0", "n1")]
    pods = [builders.pod("a-0", "n1", cpu="800m"), builders.pod("b-0", "n2", cpu="800m")]
    world, found = returns(moves, builders.nodes(3, cpu="1"), pods)

    assert not found.send_home(moves[0])
    assert world.pod(moves[0].pod).node == "n3"
    assert found.send_home(moves[1])
    assert found.send_home(moves[0])


def test_a_pod_stays_away_from_a_moved_one_that_refuses_it():
    apart = builders.apart(app="a")
    moves = [move("a-0", "n3"), move("b-0", "n1")]
    pods = [builders.pod("a-0", "n1"), builders.pod("b-0", "n2", anti_affinity=(apart,))]
    _, found = returns(moves, builders.nodes(3), pods)

    assert not found.send_home(moves[0])


def test_a_pod_may_go_home_to_one_that_never_moved_whatever_speaks_against_it():
    moves = [move("a-0", "n2")]
    pods = [builders.pod("a-0", "n1", cpu="800m"), builders.pod("b-0", "n1", cpu="800m")]
    _, found = returns(moves, builders.nodes(2, cpu="1"), pods)

    assert found.send_home(moves[0])


@pytest.mark.parametrize(("hosts", "goes"), [(1, True), (2, False)])
def test_a_pod_stays_away_where_its_workload_would_lack_hosts(hosts, goes):
    moves = [move("a-0", "n3"), move("a-1", "n1")]
    rules = Rules(WorkloadRules(least_hosts=hosts))
    pods = builders.replicas("a", "n1", "n2")
    _, found = returns(moves, builders.nodes(3), pods, rules=rules)

    assert found.send_home(moves[0]) is goes


def test_closing_leaves_the_world_as_it_was():
    moves = [move("a-0", "n2"), move("b-0", "n1")]
    pods = [builders.pod("a-0", "n1"), builders.pod("b-0", "n2")]
    world, found = returns(moves, builders.nodes(2), pods)
    found.send_home(moves[1])
    found.close()

    assert [one.node for one in world.pods()] == ["n1", "n2"]
