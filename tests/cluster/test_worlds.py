import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from shorthaul.cluster.constraints import catalogue
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.worlds import World
from shorthaul.units import NodeName
from worlds.builders import (
    HOST,
    apart,
    claimed,
    cluster,
    nodes,
    pod,
    reference,
    replicas,
    selector,
    spread,
    together,
    workload_reference,
)
from worlds.randoms import snapshots


def everything_asked(world):
    return [
        check(one, node, world)
        for one in world.pods()
        for node in world.nodes.values()
        for check in catalogue.DYNAMIC
    ]


@settings(max_examples=60, deadline=None)
@given(snapshots(), some.data())
def test_a_move_and_its_undoing_leave_nothing_behind(snapshot, data):
    world = World(snapshot)
    before, placement = everything_asked(world), world.placement()
    moves = data.draw(
        some.lists(
            some.tuples(
                some.sampled_from(sorted(snapshot.pods)), some.sampled_from(sorted(snapshot.nodes))
            ),
            max_size=6,
        )
    )

    undo = [(ref, world.move(ref, target)) for ref, target in moves]
    everything_asked(world)
    for ref, home in reversed(undo):
        world.move(ref, home)

    assert world.placement() == placement
    assert everything_asked(world) == before


@settings(max_examples=60, deadline=None)
@given(snapshots(), some.data())
def test_a_world_after_moves_answers_as_one_made_anew(snapshot, data):
    ref = data.draw(some.sampled_from(sorted(snapshot.pods)))
    target = data.draw(some.sampled_from(sorted(snapshot.nodes)))
    world = World(snapshot)
    everything_asked(world)

    world.move(ref, target)

    assert everything_asked(world) == everything_asked(World(snapshot.moved([(ref, target)])))


def test_a_pod_taken_out_and_put_back_is_found_again():
    ours = replicas("cart", "n1", "n2", anti_affinity=(apart(app="cart"),))
    world = World(cluster(nodes(2), ours))
    found = world.matching("shop", selector(app="cart"))

    taken = world.remove(reference("cart-0"))
    without = world.matching("shop", selector(app="cart"))
    repelled = list(world.repelled_by(ours[1]))
    world.add(taken)

    assert without == {reference("cart-1")}
    assert repelled == []
    assert world.matching("shop", selector(app="cart")) == found
    assert [other.ref for _, other in world.repelled_by(ours[1])] == [reference("cart-0")]


def test_a_pod_is_in_the_world_once_and_only_while_it_is_not_finished():
    ours = pod("cart-1", "n1")
    world = World(cluster(nodes(1), ours, pod("job-1", "n1", phase="Succeeded")))

    assert not world.has(reference("job-1"))
    with pytest.raises(ValueError, match="shop/cart-1 is in the world already"):
        world.add(ours)


def test_the_same_world_under_other_rules_keeps_its_moves():
    world = World(cluster(nodes(2), pod("cart-1", "n1")))
    world.move(reference("cart-1"), NodeName("n2"))
    rules = Rules(WorkloadRules(movable=False))

    other = world.under(rules)

    assert other.rules == rules
    assert other.placement() == world.placement()
    assert world.under(world.rules) is world


def test_what_can_see_a_pod_is_found_from_either_side():
    ours = pod("cart-0", "n1", anti_affinity=(apart(app="web"),))
    others = [
        pod("db-0", "n1", affinity=(together(app="cart"),)),
        pod("web-0", "n1"),
        pod("log-0", "n1", anti_affinity=(apart(app="cart"),)),
        pod("far-0", "n1", spread=(spread(HOST, app="cart"),)),
        pod("deaf-0", "n1"),
    ]
    world = World(cluster(nodes(2), ours, others))

    minding = world.minding(world.pod(ours.ref))
    assert {ref.name for ref in minding} == {"db-0", "web-0", "log-0", "far-0"}
    assert [one.ref.name for one in world.attracted_to([ours])] == ["db-0"]


def test_replicas_are_counted_where_they_serve():
    going = pod("cart-2", "n1", terminating=True)
    world = World(cluster(nodes(3), replicas("cart", "n1", "n2"), going))
    world.move(reference("cart-0"), "n2")

    workload = workload_reference("cart")
    assert dict(world.serving(workload)) == {"n2": 2}
    assert world.staying(workload) == 2


def test_the_pods_of_a_claim_are_known_until_they_leave():
    world = World(cluster(nodes(1), pod("db-0", "n1", volumes=(claimed("data"),)), pod("x-0")))

    assert [one.ref.name for one in world.claiming("shop", "data")] == ["db-0"]
    world.remove(reference("db-0"))
    assert world.claiming("shop", "data") == ()
