from shorthaul.cluster.constraints import pod_anti_affinities
from shorthaul.cluster.selectors import Selector
from shorthaul.cluster.snapshots import AffinityTerm
from shorthaul.cluster.worlds import World
from worlds.builders import HOST, ZONE, apart, cluster, nodes, pod, replicas, selector


def ask(mover, *others, on="n2", **more):
    world = World(cluster(nodes(3, zones=2), mover, others, **more))
    return pod_anti_affinities.check(mover, world.nodes[on], world)


def test_replicas_apart_by_host_may_go_to_a_host_of_their_own():
    ours = replicas("cart", "n1", "n3", anti_affinity=(apart(HOST, app="cart"),))

    assert ask(ours[0], ours[1]) is None


def test_a_pod_does_not_go_where_one_is_that_it_refuses():
    ours = replicas("cart", "n1", "n2", anti_affinity=(apart(HOST, app="cart"),))

    reason = ask(ours[0], ours[1])

    assert reason.code == "PodAntiAffinityMismatch"
    assert "shop/cart-1" in reason.message


def test_a_pod_does_not_go_where_one_is_that_refuses_it():
    mover = pod("cart-1", "n1")
    loner = pod("db-1", "n2", anti_affinity=(apart(ZONE, app="cart"),))

    assert ask(mover, loner).code == "PodAntiAffinityMismatch"
    assert ask(mover, loner, on="n3") is None


def test_a_pod_never_refuses_itself():
    alone = pod("cart-1", "n1", anti_affinity=(apart(ZONE, app="cart"),))

    assert ask(alone, on="n3") is None


def test_a_refusal_reaches_into_other_namespaces_only_where_it_says_so():
    mover = pod("cart-1", "n1")
    own = pod("data/db-1", "n2", anti_affinity=(apart(HOST, "data", app="cart"),))
    all_of_them = AffinityTerm(HOST, selector(app="cart"), (), Selector())
    wide = pod("data/db-1", "n2", anti_affinity=(all_of_them,))

    assert ask(mover, own) is None
    assert ask(mover, wide) is not None


def test_a_null_selector_refuses_nobody():
    nobody = pod("cart-1", "n1", anti_affinity=(AffinityTerm(HOST, None, ("shop",)),))

    assert ask(nobody, pod("db-1", "n2")) is None


def test_a_node_without_the_label_is_in_no_domain():
    picky = pod("cart-1", "n1", anti_affinity=(apart("room", app="db"),))

    assert ask(picky, pod("db-1", "n2")) is None
