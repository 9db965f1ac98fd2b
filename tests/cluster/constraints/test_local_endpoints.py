from shorthaul.cluster.constraints import local_endpoints
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Service
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod, reference, replicas, selector

INSIDE = Service("shop", "cache", selector(app="cache"), internal_policy="Local")
OUTSIDE = Service("shop", "cache", selector(app="cache"), external_policy="Local")


def ask(service, *others, clients=None):
    ours = pod("cache-0", "n1")
    world = World(cluster(node("n1"), node("n2"), ours, others, service), clients=clients)
    return local_endpoints.veto(ours, world, Rules(), 0)


def test_an_endpoint_of_an_ordinary_service_may_be_moved():
    assert ask(Service("shop", "cache", selector(app="cache")), pod("web-1", "n1")) is None


def test_an_endpoint_with_another_on_its_node_may_be_moved():
    another = pod("cache-1", "n1")

    assert ask(INSIDE, another, pod("web-1", "n1")) is None
    assert ask(OUTSIDE, another) is None


def test_the_last_endpoint_stays_with_the_clients_on_its_node():
    known = {("shop", "cache"): frozenset({reference("web-1")})}

    reason = ask(INSIDE, pod("web-1", "n1"), clients=known)

    assert reason.code == "LastLocalEndpoint"
    assert "shop/web-1" in reason.message


def test_the_last_endpoint_may_leave_where_no_client_is():
    known = {("shop", "cache"): frozenset({reference("web-1")})}

    assert ask(INSIDE, pod("web-1", "n2"), pod("ads-1", "n1"), clients=known) is None
    assert ask(INSIDE, pod("ads-1", "n1"), clients={}) is None


def test_where_nobody_knows_the_clients_any_other_pod_may_be_one():
    assert ask(INSIDE, pod("ads-1", "n1")) is not None
    assert ask(INSIDE, pod("ads-1", "n2")) is None


def test_traffic_from_outside_may_come_to_any_node():
    assert ask(OUTSIDE, clients={}).code == "LastLocalEndpoint"


def test_an_endpoint_that_is_not_ready_serves_nobody():
    assert ask(OUTSIDE, pod("cache-1", "n1", ready=False)) is not None


def test_two_endpoints_may_not_both_leave():
    ours = replicas("cache", "n1", "n1")
    world = World(cluster(node("n1"), ours, OUTSIDE))
    both = frozenset(one.ref for one in ours)

    assert local_endpoints.veto(ours[0], world, Rules(), 0) is None
    assert local_endpoints.veto_among(ours[0], world, both) is not None
