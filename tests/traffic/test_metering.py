"""Metering: edges from client to server, and every byte in exactly one sum."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.addresses.bills import Counts, Transfer
from shorthaul.traffic.addresses.node_ends import NodeEnds
from shorthaul.traffic.addresses.parties import Kind, Party, address_text, node_party, read_address
from shorthaul.traffic.attribution import SELF
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.metering import Ground, exporter_finder, meter
from shorthaul.traffic.passages import Passage, counts_of
from shorthaul.units import PodRef, WorkloadRef
from traffic.addresses.tellers import ADDRESS, OTHER, PEER, book, claim, party

NODE, VIRTUAL, WORLD, NOBODY, NODES_FAR = map(
    read_address, ("10.0.0.1", "10.96.0.7", "8.8.8.8", "10.42.3.3", "10.0.0.2")
)
SERVICE = Party(Kind.SERVICE, "shop", "cart")
WEB, CART = (WorkloadRef("shop", "Deployment", name) for name in ("web", "cart"))


def ground():
    told = book(
        claim("web-1", 100, 100),
        claim("cart-1", 100, 100, OTHER),
        claim("cart-2", 500, 500, PEER),
        claim("node", 0, 0, NODE)._replace(party=node_party("n1")),
        claim("virtual", 0, 0, VIRTUAL)._replace(party=SERVICE),
    )
    told.serve({SERVICE: (OTHER, PEER)})
    owners = {"web-1": WEB, "cart-1": CART, "cart-2": CART}
    pods = {PodRef("shop", name): PodIdentity(owner, "n1") for name, owner in owners.items()}
    return Ground(told, Directory(pods), {party("web-1"): "n1", node_party("n1"): "n1"})


def passage(source, destination, size=100, ports=(40_000, 80), stretch=(200, 300), exporter=None):
    transfer = Transfer(source, destination, *stretch, size, 2)
    return Passage(transfer, *ports, 6, exporter, "", stretch[0])


def test_both_ways_of_a_connection_go_from_the_client_to_the_server():
    found = meter(
        [passage(ADDRESS, OTHER, 100), passage(OTHER, ADDRESS, 900, (80, 40_000), (250, 1_200))],
        ground(),
    )

    assert found.edges == {(WEB, CART): Counts(1_000, 4, 2)}
    assert found.milliseconds == 1_000


def test_a_services_traffic_is_an_estimate_over_who_surely_was_behind_it():
    found = meter([passage(ADDRESS, VIRTUAL)], ground())

    assert found.edges == {(WEB, CART): Counts(100, 2, 1)}
    assert found.estimated == Counts(100, 2, 1)


def test_what_no_plan_can_weigh_is_told_by_reason():
    found = meter(
        [passage(ADDRESS, NODE, 1), passage(WORLD, OTHER, 2), passage(ADDRESS, ADDRESS, 4)],
        ground(),
    )

    assert found.edges == {}
    told = {reason: each.counts.bytes for reason, each in found.aside.items()}
    assert told == {
        "with a node's own address, which all pods on the host's network share": 1,
        "with the world outside": 2,
        SELF: 4,
    }


def test_a_total_lengthens_the_stretch_by_its_end_only():
    total = passage(ADDRESS, OTHER, stretch=(200, 90_000))._replace(since=90_000)

    assert meter(
        [total, passage(ADDRESS, OTHER, stretch=(80_000, 85_000))], ground()
    ).milliseconds == (10_000)


addresses = st.sampled_from([ADDRESS, OTHER, PEER, NODE, VIRTUAL, WORLD, NOBODY])
passages = st.builds(
    passage,
    addresses,
    addresses,
    st.integers(0, 1 << 70),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.integers(0, 600), st.integers(600, 700)),
    st.sampled_from([NODE, WORLD, None]),
)


@given(st.lists(passages), st.randoms())
def test_every_byte_packet_and_record_is_in_exactly_one_sum(told, chance):
    found = meter(told, ground())

    aside = sum((each.counts for each in found.aside.values()), Counts())
    unbilled = found.bill.unattributed + found.bill.ambiguous
    assert found.billed + aside == found.bill.attributed
    assert found.billed + aside + unbilled + found.again == sum(map(counts_of, told), Counts())
    chance.shuffle(told)
    assert meter(told, ground()) == found


def test_an_exporter_at_a_nodes_end_speaks_for_its_node_while_nobody_had_that_address():
    nobodys, pods = NOBODY, ADDRESS
    given = replace(ground(), node_ends=NodeEnds([("n2", (), map(address_text, (nobodys, pods)))]))
    node_of = exporter_finder(given)
    transfer = passage(OTHER, PEER).transfer

    assert node_of(NODE, transfer) == "n1"
    assert node_of(nobodys, transfer) == "n2"
    assert node_of(pods, transfer) is None
    assert exporter_finder(ground())(nobodys, transfer) is None
