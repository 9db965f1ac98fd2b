"""Which pod goes over a third node, and why none does."""

from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.worlds import World
from shorthaul.plan.drafts import Draft
from shorthaul.plan.hops import Spare
from shorthaul.plan.parkings import Jam, find
from worlds import builders


def move(pod, target, gain=1):
    return Draft(0, 0, 1, builders.reference(pod), target, gain)


def looked(moves, *parts, rules=None, parked=(), spare=None):
    world = World(builders.cluster(builders.nodes(2, cpu="1"), *parts), rules or Rules())
    refs = frozenset(builders.reference(name) for name in parked)
    before = dict(world.placement())
    found = find(Jam(tuple(moves), tuple(moves), refs, spare or Spare()), world, 1e9)
    assert dict(world.placement()) == before
    return found


def hops(found):
    return [(hop.pod.name, hop.source, hop.target) for hop in found.hops]


SWAP = [move("a-0", "n2", 9), move("b-0", "n1", 3)]
PODS = [builders.pod("a-0", "n1", cpu="800m"), builders.pod("b-0", "n2", cpu="700m")]


def test_the_pod_that_asks_least_is_parked_where_nobody_waits_and_most_is_left():
    nodes = [builders.node("n3", cpu="800m"), builders.node("n4", cpu="3")]

    assert hops(looked(SWAP, PODS, nodes)) == [("b-0", "n2", "n4")]


def test_small_pods_go_together_when_one_alone_leaves_too_little_room():
    moves = [move("a-0", "n2", 9), move("b-0", "n1"), move("c-0", "n1")]
    pods = [
        builders.pod("a-0", "n1", cpu="900m"),
        builders.pod("b-0", "n2", cpu="400m"),
        builders.pod("c-0", "n2", cpu="500m"),
    ]

    found = looked(moves, pods, builders.node("n3", cpu="950m"))
    assert sorted(hops(found)) == [("b-0", "n2", "n3"), ("c-0", "n2", "n3")]


def test_a_pod_is_parked_once():
    found = looked(SWAP, PODS, builders.node("n3", cpu="3"), parked=["b-0"])

    assert hops(found) == [("a-0", "n1", "n3")]


def test_pods_whose_successor_would_be_too_young_to_go_on_are_not_parked():
    old = Rules(WorkloadRules(minimum_age_seconds=300))
    found = looked(SWAP, PODS, builders.node("n3", cpu="3"), rules=old)

    assert found.hops == ()
    assert found.reason is not None
    assert found.reason.code == "NoSpareRoom"


def test_a_circle_that_gains_less_than_a_hop_costs_is_told_with_the_ratio():
    found = looked(SWAP, PODS, builders.node("n3", cpu="3"), spare=Spare(price=18))

    assert found.reason is not None
    assert found.reason.code == "CircleNotWorthIt"
    assert "parking one costs 1.5 times what they gain together" in found.reason.message


def test_a_chain_without_an_end_in_itself_is_no_circle():
    found = looked([move("a-0", "n2")], PODS, builders.node("n3", cpu="3"))

    assert found.hops == ()
    assert [one.pod.name for one in found.circle] == ["a-0"]
