from shorthaul.cluster.constraints import floors
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, nodes, replicas, workload_reference

CART = workload_reference("cart")


def ask(ours, on, **rules):
    world = World(cluster(nodes(4, zones=2), ours), Rules(WorkloadRules(**rules)))
    return floors.check(ours[0], world.nodes[on], world)


def test_replicas_may_come_together_down_to_the_floor():
    assert ask(replicas("cart", "n1", "n2", "n3"), "n2", least_hosts=2) is None
    assert ask(replicas("cart", "n1", "n2"), "n2", least_hosts=1) is None


def test_replicas_do_not_come_together_below_the_floor():
    reason = ask(replicas("cart", "n1", "n2"), "n2", least_hosts=2)

    assert reason.code == "TooFewHosts"
    assert "2 pods on 1 hosts, 2 are the least (2 now)" in reason.message


def test_fewer_replicas_than_the_floor_keep_what_they_have():
    assert ask(replicas("cart", "n1"), "n2", least_hosts=3) is None
    assert ask(replicas("cart", "n1", "n2"), "n2", least_hosts=3) is not None
    assert ask(replicas("cart", "n1", "n2"), "n3", least_hosts=3) is None


def test_below_the_floor_it_may_not_get_worse():
    assert ask(replicas("cart", "n1", "n1"), "n2", least_hosts=2) is None
    assert ask(replicas("cart", "n1", "n1", "n2"), "n2", least_hosts=3) is None
    assert ask(replicas("cart", "n3", "n1", "n1"), "n1", least_hosts=3) is not None


def test_zones_have_their_own_floor():
    ours = replicas("cart", "n1", "n2")

    assert ask(ours, "n3", least_hosts=1, least_zones=2) is None
    assert ask(ours, "n4", least_hosts=1, least_zones=2).code == "TooFewZones"
    assert ask(ours, "n4", least_hosts=1, least_zones=1) is None


def test_a_replica_that_terminates_holds_no_host():
    ours = replicas("cart", "n1", "n2") + replicas("cart-old", "n3", of="cart", terminating=True)

    assert ask(ours, "n2", least_hosts=2) is not None


def test_a_state_below_the_floor_is_a_shortfall():
    rules = Rules(WorkloadRules(least_hosts=2))

    stacked = World(cluster(nodes(2), replicas("cart", "n1", "n1")), rules)
    apart = World(cluster(nodes(2), replicas("cart", "n1", "n2")), rules)

    assert floors.shortfall(CART, stacked).code == "TooFewHosts"
    assert floors.shortfall(CART, apart) is None


def test_nodes_without_a_zone_are_surely_in_one_zone_only():
    rooms, ours = nodes(2), replicas("cart", "n1", "n2")
    bare = [node("n8"), node("n9")]
    world = World(cluster(rooms, bare, ours), Rules(WorkloadRules(least_hosts=1)))

    assert floors.zones(["n8", "n9"], world) == 1
    assert floors.zones(["n1", "n8"], world) == 1
    assert floors.check(ours[0], world.nodes["n8"], world) is None
