"""A snapshot's address book: who it says held an address, and since when."""

from dataclasses import replace

import pytest

from shorthaul.cluster.address_books import book_of, node_ends_of, nodes_of
from shorthaul.cluster.snapshots import Endpoint, Node, Pod, Service, Snapshot
from shorthaul.errors import BadInput
from shorthaul.traffic.addresses import node_ends
from shorthaul.traffic.addresses.parties import (
    Kind,
    Party,
    Unknown,
    node_party,
    pod_party,
    read_address,
)
from shorthaul.units import PodRef, WorkloadRef

CREATED = 1_000.0
LATER = 1_010_000
CART = Party(Kind.SERVICE, "shop", "cart")


def pod(name, *addresses, created=CREATED, **more):
    ref, owner = PodRef("shop", name), WorkloadRef("shop", "Deployment", "cart")
    return Pod(ref, name, owner, "n1", addresses=addresses, created_seconds=created, **more)


def snapshot(*pods, services=(), endpoints=()):
    node = Node("n1", addresses=("10.0.0.1", "n1.example"))
    by_ref = {each.ref: each for each in pods}
    return Snapshot({"n1": node}, by_ref, services=services, endpoints=endpoints)


def who(world, text, first=LATER, last=LATER):
    return book_of(world, 2_000_000).who(read_address(text), first, last)


def test_a_pod_has_its_addresses_from_its_creation_on():
    world = snapshot(pod("a", "10.1.0.1", "fd00::1"))

    assert who(world, "10.1.0.1") == who(world, "fd00::1") == pod_party(PodRef("shop", "a"))
    assert who(world, "10.1.0.1", 0, 900_000) is Unknown.NOBODY
    assert who(world, "10.1.0.1", 0, LATER) is Unknown.AMBIGUOUS


def test_a_finished_pod_has_had_an_address_where_no_other_surely_had():
    old, new = pod("old", "10.1.0.1", phase="Succeeded"), pod("new", "10.1.0.1", created=2_000.0)

    world = snapshot(old, new)

    assert who(world, "10.1.0.1") == pod_party(old.ref)
    assert book_of(world, 3_000_000).who(
        read_address("10.1.0.1"), 2_500_000, 2_500_000
    ) == pod_party(new.ref)


def test_a_pod_on_its_nodes_network_is_its_node_at_all_times():
    world = snapshot(pod("agent", "10.0.0.1", host_network=True))

    assert who(world, "10.0.0.1", 0, LATER) == node_party("n1")


def test_a_services_address_stands_for_its_ready_endpoints_that_have_addresses():
    service = Service("shop", "cart", addresses=("10.2.0.1",))
    endpoints = (
        Endpoint("shop", "cart", ("10.1.0.1",)),
        Endpoint("shop", "cart", ("10.1.0.2",), ready=False),
        Endpoint("shop", "cart", ("cart.example",)),
    )
    world = snapshot(
        pod("a", "10.1.0.1"), pod("b", "10.1.0.2"), services=(service,), endpoints=endpoints
    )

    assert who(world, "10.2.0.1") == CART
    assert book_of(world, 2_000_000).endpoints(CART, LATER, LATER) == (
        pod_party(PodRef("shop", "a")),
    )


def test_the_book_answers_up_to_the_moment_that_it_was_asked_for():
    world = snapshot(pod("a", "10.1.0.1"))

    assert isinstance(who(world, "10.1.0.1", LATER, 2_000_000), Party)
    assert who(world, "10.1.0.1", LATER, 2_000_001) is Unknown.LATE


def test_what_is_no_address_is_told_with_its_pod():
    with pytest.raises(BadInput, match="pod shop/a: address 'nowhere'"):
        book_of(snapshot(pod("a", "nowhere")), 0)


def test_parties_are_on_their_nodes():
    nodes = nodes_of(snapshot(pod("a", "10.1.0.1")))

    assert nodes == {node_party("n1"): "n1", pod_party(PodRef("shop", "a")): "n1"}


@pytest.mark.parametrize(
    ("ranges", "end"),
    [
        (("10.244.6.0/24",), "10.244.6.1"),
        (("10.244.6.0/24",), "10.244.6.0"),
        (("10.244.6.0/24",), "10.244.6.213"),
        (("fd00:6::/64",), "fd00:6::1"),
    ],
    ids=["a bridge", "flannel", "Cilium", "IPv6"],
)
def test_an_address_of_a_nodes_pod_range_is_its_end_and_nobodys_in_the_book(ranges, end):
    world = Snapshot({"n6": Node("n6", pod_ranges=ranges)}, {})

    assert node_ends_of(world).of(read_address(end)) == "n6"
    assert node_ends_of(world).of(read_address("10.244.7.1")) is None
    assert not isinstance(who(world, end), Party)


def test_the_address_that_a_network_annotates_a_node_with_is_that_nodes_wherever_it_lies():
    told = {"network.cilium.io/ipv4-cilium-host": "10.0.3.9"}
    tunnel = {"projectcalico.org/IPv4VXLANTunnelAddr": "10.244.6.7"}
    nodes = {
        "n1": Node("n1", annotations=told),
        "n2": Node("n2", annotations=tunnel),
        "n6": Node("n6", pod_ranges=("10.244.6.0/24",)),
    }
    ends = node_ends_of(Snapshot(nodes, {}))

    assert ends.of(read_address("10.0.3.9")) == "n1"
    assert ends.of(read_address("10.244.6.7")) == "n2"
    assert ends.of(read_address("10.244.6.8")) == "n6"


def test_what_two_nodes_name_is_neithers_end():
    nodes = {name: Node(name, pod_ranges=("10.244.6.0/24",)) for name in ("n1", "n2")}

    assert node_ends_of(Snapshot(nodes, {})).of(read_address("10.244.6.1")) is None


def test_a_finished_pod_that_had_the_first_address_of_a_range_of_another_node_keeps_it():
    world = snapshot(pod("a", "10.1.0.1", phase="Succeeded"))
    node = replace(world.nodes["n1"], pod_ranges=("10.1.0.0/24",))

    assert who(replace(world, nodes={"n1": node}), "10.1.0.1") == who(world, "10.1.0.1")


@pytest.mark.parametrize("text", ["nowhere", "10.1.0.1/33", ""])
def test_a_pod_range_that_is_none_gives_a_node_no_end(text):
    node = Node("n1", pod_ranges=(text,), annotations={node_ends.ANNOTATIONS[0]: text})

    assert node_ends_of(Snapshot({"n1": node}, {})).of(read_address("10.1.0.1")) is None
