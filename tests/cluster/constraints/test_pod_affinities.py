from shorthaul.cluster.constraints import pod_affinities
from shorthaul.cluster.selectors import Selector
from shorthaul.cluster.snapshots import AffinityTerm
from shorthaul.cluster.worlds import World
from worlds.builders import HOST, ZONE, cluster, nodes, pod, selector, together


def ask(mover, *others, on="n2", **more):
    world = World(cluster(nodes(3, zones=2), mover, others, **more))
    return pod_affinities.check(mover, world.nodes[on], world)


def test_a_node_in_the_zone_of_the_wanted_pod_is_allowed():
    near_db = pod("cart-1", "n1", affinity=(together(ZONE, app="db"),))

    assert ask(near_db, pod("db-1", "n2")) is None
    assert ask(near_db, pod("db-1", "n3"), on="n1") is None


def test_a_node_without_the_wanted_pod_in_its_domain_is_not():
    near_db = pod("cart-1", "n1", affinity=(together(ZONE, app="db"),))

    reason = ask(near_db, pod("db-1", "n1"))

    assert reason.code == "PodAffinityMismatch"


def test_the_first_of_a_group_that_wants_its_like_is_let_in_anywhere():
    gathered = pod("cart-1", "n1", affinity=(together(HOST, app="cart"),))

    assert ask(gathered) is None
    assert ask(gathered, pod("cart-2", "n1")).code == "PodAffinityMismatch"


def test_a_pod_cannot_rely_on_itself_for_others():
    near_db = pod("cart-1", "n1", affinity=(together(HOST, app="db"),))

    assert ask(near_db) is not None


def test_a_node_without_the_label_is_refused_even_to_the_first():
    gathered = pod("cart-1", "n1", affinity=(together("room", app="cart"),))

    assert ask(gathered) is not None


def test_only_pods_that_match_all_terms_count():
    both = (together(HOST, app="db"), together(ZONE, tier="data"))
    mover = pod("cart-1", "n1", affinity=both)
    half = pod("db-1", "n2")
    whole = pod("db-2", "n2", labels={"app": "db", "tier": "data"})

    assert ask(mover, half, pod("x-1", "n2", labels={"tier": "data"})) is not None
    assert ask(mover, whole) is None


def test_terms_look_into_their_own_namespace_unless_they_name_others():
    elsewhere = pod("data/db-1", "n2")
    own = pod("cart-1", "n1", affinity=(together(HOST, app="db"),))
    named = pod("cart-1", "n1", affinity=(together(HOST, "data", app="db"),))
    anywhere = AffinityTerm(HOST, selector(app="db"), (), Selector())
    labelled = AffinityTerm(HOST, selector(app="db"), (), selector(team="a"))

    assert ask(own, elsewhere) is not None
    assert ask(named, elsewhere) is None
    assert ask(pod("cart-1", "n1", affinity=(anywhere,)), elsewhere) is None
    assert ask(pod("cart-1", "n1", affinity=(labelled,)), elsewhere) is not None
    labels = {"data": {"team": "a"}}
    assert ask(pod("cart-1", "n1", affinity=(labelled,)), elsewhere, namespaces=labels) is None


def test_a_null_selector_matches_nobody_and_an_empty_one_everybody():
    nobody = pod("cart-1", "n1", affinity=(AffinityTerm(HOST, None, ("shop",)),))
    everybody = pod("cart-1", "n1", affinity=(AffinityTerm(HOST, Selector(), ("shop",)),))

    assert ask(nobody, pod("db-1", "n2")) is not None
    assert ask(everybody, pod("db-1", "n2")) is None


def test_finished_and_unplaced_pods_are_near_nobody():
    near_db = pod("cart-1", "n1", affinity=(together(HOST, app="db"),))

    assert ask(near_db, pod("db-1", "n2", phase="Succeeded"), pod("db-2")) is not None
