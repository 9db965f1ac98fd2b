"""Passages: a connection's bytes count once, wherever and however often they were seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.addresses.bills import Counts, Transfer
from shorthaul.traffic.addresses.parties import Kind, Party, read_address
from shorthaul.traffic.passages import Passage, counts_of, from_client, once
from traffic.addresses.tellers import ADDRESS, OTHER, PEER, book, claim

SENDER, RECEIVER, SWITCH, ELSEWHERE = (read_address(f"10.0.0.{n}") for n in (1, 2, 3, 4))
NODES = {SENDER: "n1", RECEIVER: "n2", ELSEWHERE: "n7", ADDRESS: "n1", PEER: "n2"}
VIRTUAL = read_address("10.96.0.7")


def node_of(address, transfer):
    return NODES.get(address)


def seen(exporter, size=100, first=0, last=10, point="in 1", ports=(40_000, 80)):
    transfer = Transfer(ADDRESS, PEER, first, last, size, 1)
    return Passage(transfer, *ports, 6, exporter, point, first)


def bytes_of(*passages):
    found = once(passages, node_of, 1)
    whole = sum(passage.transfer.bytes for passage in found.counting)
    return whole, found.again.bytes


def test_the_receivers_node_counts_before_the_senders_and_before_what_lies_between():
    assert bytes_of(seen(SENDER, 90), seen(RECEIVER, 80), seen(SWITCH, 99)) == (80, 189)
    assert bytes_of(seen(SENDER, 90), seen(SWITCH, 99)) == (90, 99)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([(SENDER, 100), (RECEIVER, 90)], 90),
        ([(RECEIVER, 50)], 50),
        ([(SENDER, 100), (ELSEWHERE, 110)], 100),
        ([(ELSEWHERE, 110), (SWITCH, 120)], 120),
        ([(ELSEWHERE, 120), (SWITCH, 110)], 120),
        ([(SENDER, 100), (RECEIVER, 0)], 0),
    ],
)
def test_ends_count_before_others_whoever_saw_most(told, expected):
    assert bytes_of(*(seen(*each) for each in told))[0] == expected


@given(
    st.lists(st.integers(0, 1 << 40), min_size=1, max_size=3),
    st.lists(st.tuples(st.sampled_from([SENDER, SWITCH, ELSEWHERE]), st.integers(0, 1 << 40))),
)
def test_another_place_on_the_way_never_changes_what_the_receivers_node_tells(sizes, others):
    there = [seen(RECEIVER, size) for size in sizes]

    assert bytes_of(*there, *(seen(*each) for each in others))[0] == sum(sizes)


def test_of_the_points_of_one_node_the_largest_counts_with_all_of_its_records():
    veth, tunnel = "in 5", "out 1"

    found = bytes_of(
        seen(SENDER, 60, 0, 10, veth),
        seen(SENDER, 60, 11, 20, veth),
        seen(SENDER, 70, 0, 20, tunnel),
    )

    assert found == (120, 70)


def test_records_of_one_point_add_up():
    assert bytes_of(seen(SWITCH), seen(SWITCH), seen(SWITCH, first=5_000, last=5_001)) == (300, 0)


def test_ports_that_are_used_again_later_are_another_connection():
    assert bytes_of(seen(SENDER, 90, 0, 10), seen(RECEIVER, 80, 12, 20)) == (170, 0)
    assert bytes_of(seen(SENDER, 90, 0, 10), seen(RECEIVER, 80, 11, 20)) == (80, 90)


def test_other_ports_are_another_connection():
    assert bytes_of(seen(SENDER), seen(RECEIVER, ports=(40_001, 80))) == (200, 0)


passages = st.builds(
    seen,
    st.sampled_from([SENDER, RECEIVER, SWITCH, None]),
    st.integers(0, 1 << 60),
    st.integers(0, 30),
    st.integers(30, 40),
    st.sampled_from(["in 1", "out 1"]),
    st.sampled_from([(1, 2), (2, 1)]),
)


@given(st.lists(passages), st.randoms())
def test_what_came_counts_or_was_seen_again_in_whatever_order(told, chance):
    found = once(told, node_of, 1)
    chance.shuffle(told)

    whole = sum(map(counts_of, found.counting), found.again)
    assert whole == sum(map(counts_of, told), Counts())
    shuffled = once(told, node_of, 1)
    assert sorted(shuffled.counting, key=repr) == sorted(found.counting, key=repr)


@pytest.mark.parametrize(("ports", "expected"), [((40_000, 80), True), ((80, 40_000), False)])
def test_the_end_with_the_higher_port_is_the_client(ports, expected):
    assert from_client(seen(None, ports=ports), book()) is expected


def test_where_ports_are_equal_both_ways_have_the_same_client():
    forth = seen(None, ports=(0, 0))
    back = forth._replace(transfer=forth.transfer._replace(source=PEER, destination=ADDRESS))

    assert from_client(forth, book()) is not from_client(back, book())


@pytest.mark.parametrize(
    ("ends", "expected"), [((OTHER, VIRTUAL), True), ((VIRTUAL, OTHER), False)]
)
def test_a_service_is_never_the_client(ends, expected):
    told = book(claim("cart", 0, 0, VIRTUAL)._replace(party=Party(Kind.SERVICE, "shop", "cart")))
    for ports in ((1, 9), (9, 1)):
        passage = seen(None, ports=ports)
        transfer = passage.transfer._replace(source=ends[0], destination=ends[1])

        assert from_client(passage._replace(transfer=transfer), told) is expected
