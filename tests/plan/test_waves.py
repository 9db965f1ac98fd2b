"""The order of moves: what must wait waits, and what can never start is told."""

import pytest

from shorthaul.cluster.worlds import World
from shorthaul.plan.drafts import Draft
from shorthaul.plan.hops import Spare
from shorthaul.plan.waves import schedule
from worlds import builders


def move(pod, target, gain=1):
    return Draft(0, 0, 1, builders.reference(pod), target, gain)


def names(found):
    return [[one.pod.name for one in wave] for wave in found.waves]


def test_a_move_waits_for_the_room_that_another_leaves():
    world = World(
        builders.cluster(
            builders.nodes(3, cpu="1"),
            builders.pod("quiet-0", "n1", cpu="900m"),
            builders.pod("loud-0", "n2", cpu="900m"),
        )
    )
    found = schedule([move("loud-0", "n1", 9), move("quiet-0", "n3")], world, 0.0)

    assert names(found) == [["quiet-0"], ["loud-0"]]
    assert found.stuck == {}


def test_moves_that_do_not_meet_share_a_wave():
    pods = [builders.pod(f"{name}-0", "n1") for name in "abc"]
    world = World(builders.cluster(builders.nodes(4), pods))
    found = schedule([move("a-0", "n2"), move("b-0", "n3"), move("c-0", "n4")], world, 0.0)

    assert names(found) == [["a-0", "b-0", "c-0"]]


def swap(*more):
    return World(
        builders.cluster(
            builders.nodes(2, cpu="1"),
            builders.pod("a-0", "n1", cpu="800m"),
            builders.pod("b-0", "n2", cpu="700m"),
            *more,
        )
    )


def test_two_pods_that_swap_full_nodes_are_stuck_with_the_numbers():
    tight = builders.node("n3", cpu="600m")
    found = schedule([move("a-0", "n2"), move("b-0", "n1", 5)], swap(tight), 0.0, Spare())

    assert found.waves == ()
    assert {ref.name: reason.code for ref, reason in found.stuck.items()} == {
        "a-0": "NoSpareRoom",
        "b-0": "NotEnoughCpu",
    }
    told = [reason.message for reason in found.stuck.values() if reason.code == "NoSpareRoom"]
    assert told[0].startswith("2 pods wait for each other's room")
    assert "no node can take shop/b-0, which asks least (700m cpu, " in told[0]


def test_the_pod_of_a_circle_that_asks_least_goes_over_a_third_node():
    spare = builders.node("n3", cpu="900m")
    found = schedule([move("a-0", "n2", 9), move("b-0", "n1")], swap(spare), 0.0, Spare())

    hops = [[(hop.pod.name, hop.source, hop.target) for hop in wave] for wave in found.waves]
    assert hops == [[("b-0", "n2", "n3")], [("a-0", "n1", "n2")], [("b-0", "n3", "n1")]]
    assert [hop.parks for hop in found.hops] == [True, False, False]
    assert found.stuck == {}


def test_the_least_valuable_move_of_a_circle_goes_where_parking_costs_more():
    spare = builders.node("n3", cpu="900m")
    moves = [move("a-0", "n2", 9), move("b-0", "n1", 3)]
    found = schedule(moves, swap(spare), 0.0, Spare(price=12))

    assert found.waves == ()
    codes = {ref.name: reason.code for ref, reason in found.stuck.items()}
    assert codes == {"a-0": "NotEnoughCpu", "b-0": "CircleNotWorthIt"}


def test_parking_takes_a_move_of_the_limit():
    spare = builders.node("n3", cpu="900m")
    found = schedule([move("a-0", "n2"), move("b-0", "n1")], swap(spare), 0.0, Spare(most=0))

    assert "NoSpareMove" in {reason.code for reason in found.stuck.values()}


def test_a_workload_has_one_pod_in_flight():
    pods = builders.replicas("a", "n1", "n1", "n1")
    world = World(builders.cluster(builders.nodes(4), pods))
    found = schedule([move(f"a-{i}", f"n{i + 2}") for i in range(3)], world, 0.0)

    assert [len(wave) for wave in found.waves] == [1, 1, 1]


def test_pods_under_one_budget_follow_each_other():
    pods = [
        builders.pod("a-0", "n1", labels={"app": "x"}),
        builders.pod("b-0", "n1", labels={"app": "x"}),
    ]
    world = World(builders.cluster(builders.nodes(3), pods, builders.budget("x", 1)))
    found = schedule([move("a-0", "n2"), move("b-0", "n3")], world, 0.0)

    assert [len(wave) for wave in found.waves] == [1, 1]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_world_is_left_as_it_was(order):
    pods = [builders.pod("a-0", "n1"), builders.pod("b-0", "n2")]
    world = World(builders.cluster(builders.nodes(3), pods))
    before = dict(world.placement())
    moves = [move("a-0", "n3"), move("b-0", "n1")]
    schedule([moves[i] for i in order], world, 0.0)

    assert dict(world.placement()) == before
