"""Which edges a latency target concerns."""

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.targets import LatencyTarget, targeted
from shorthaul.units import Namespace, Routing
from worlds import builders

CART, DB = builders.workload_reference("cart"), builders.workload_reference("db", "StatefulSet")


def target(kind="", name="db"):
    return LatencyTarget(frozenset({CART}), Namespace("shop"), kind, name, 1.0, 10.0)


def concerned(one, client=CART, server=DB):
    snapshot = builders.cluster(builders.nodes(1), builders.pod("db-0", "n1", kind="StatefulSet"))
    return targeted([RoutedEdge(client, server, 1.0, Routing.UNIFORM)], snapshot, [one])


def test_a_target_is_for_traffic_with_the_peer_in_either_direction():
    assert list(concerned(target())) == [(CART, DB)]
    assert list(concerned(target(), DB, CART)) == [(DB, CART)]


def test_a_target_is_not_for_other_peers_or_kinds():
    assert concerned(target(name="web")) == {}
    assert concerned(target("Deployment")) == {}
    assert concerned(target("StatefulSet")) != {}


def test_a_pinned_pod_counts_as_its_workload():
    pod = builders.reference("db-0")

    assert list(concerned(target(), server=pod)) == [(CART, pod)]
