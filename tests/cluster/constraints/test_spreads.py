from shorthaul.cluster.constraints import spreads
from shorthaul.cluster.snapshots import Node, Taint
from shorthaul.cluster.worlds import World
from worlds.builders import HOST, ZONE, cluster, node, nodes, replicas, spread


def ask(ours, on, *parts, mover=0):
    world = World(cluster(parts or nodes(3, zones=3), ours))
    return spreads.check(ours[mover], world.nodes[on], world)


def spread_out(*places, **more):
    return replicas("cart", *places, spread=(spread(ZONE, app="cart", **more),))


def test_a_move_that_keeps_the_skew_is_allowed():
    assert ask(spread_out("n1", "n1", "n2"), "n3") is None
    assert ask(spread_out("n1", "n2", "n3"), "n1") is None


def test_a_move_that_exceeds_the_skew_is_not():
    reason = ask(spread_out("n1", "n2", "n3"), "n2")

    assert reason.code == "SpreadExceeded"
    assert "2 in topology.kubernetes.io/zone=z2 and 0 where there are least" in reason.message


def test_a_larger_skew_allows_more():
    assert ask(spread_out("n1", "n2", "n3", skew=2), "n2") is None


def test_too_few_domains_count_as_an_empty_one():
    assert ask(spread_out("n1", "n2", "n3", min_domains=3), "n1") is None
    assert ask(spread_out("n1", "n2", "n3", "n1", min_domains=4), "n1") is not None


def test_a_node_without_the_key_is_refused_and_not_counted():
    bare = node("n4")

    assert ask(spread_out("n1"), "n4", node("n1", "z1"), bare).code == "SpreadKeyMissing"
    assert ask(spread_out("n1", "n1"), "n1", node("n1", "z1"), bare, mover=1) is None


def test_pods_that_terminate_do_not_count():
    ours = spread_out("n1", "n2", "n3")
    leaving = replicas("old", "n3", labels={"app": "cart"}, terminating=True)

    world = World(cluster(nodes(3, zones=3), ours, leaving))
    assert spreads.counts_of(ours[0], ours[0].spread[0], world) == {"z1": 0, "z2": 1, "z3": 1}


def test_nodes_that_the_pod_does_not_select_do_not_count_unless_asked_to():
    chosen = {"node_selector": {"disk": "ssd"}}
    rooms = (
        node("n1", "z1", labels={"disk": "ssd"}),
        node("n2", "z2", labels={"disk": "ssd"}),
        node("n3", "z3"),
    )
    honoring = replicas("cart", "n1", "n2", spread=(spread(ZONE, app="cart"),), **chosen)
    ignoring = replicas(
        "cart", "n1", "n2", "n2", spread=(spread(ZONE, app="cart", honor_affinity=False),), **chosen
    )

    assert ask(honoring, "n1", *rooms) is None
    assert ask(ignoring, "n2", *rooms) is not None


def test_tainted_nodes_count_unless_taints_are_honoured():
    rooms = (
        node("n1", "z1"),
        node("n2", "z2"),
        node("n3", "z3", taints=(Taint("gpu", "", "NoSchedule"),)),
    )
    counting = replicas("cart", "n1", "n1", "n2", spread=(spread(ZONE, app="cart"),))
    honoring = replicas(
        "cart", "n1", "n1", "n2", spread=(spread(ZONE, app="cart", honor_taints=True),)
    )

    assert ask(counting, "n2", *rooms).code == "SpreadExceeded"
    assert ask(honoring, "n2", *rooms) is None


def test_a_node_counts_only_with_the_keys_of_all_constraints():
    both = (spread(ZONE, app="cart"), spread(HOST, 5, app="cart"))
    ours = replicas("cart", "n1", "n2", spread=both)
    rooms = [node("n1", "z1"), node("n2", "z2"), Node("n3", labels={ZONE: "z3"})]
    world = World(cluster(rooms, ours))

    assert spreads.counts_of(ours[0], both[0], world) == {"z1": 0, "z2": 1}


def test_a_pod_that_its_own_selector_misses_does_not_count_itself():
    stray = replicas("cart", "n1", spread=(spread(ZONE, app="db"),))
    others = replicas("db", "n1", "n2", "n3")

    assert ask((*stray, *others), "n2") is None
    assert ask((*stray, *others, *replicas("db2", "n2", labels={"app": "db"})), "n2") is None
