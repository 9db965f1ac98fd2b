"""Passages: a connection's bytes count once, wherever and however often they were seen."""

import itertools

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


def seen(exporter, size=100, first=0, last=10, point="in 1", ports=(40_000, 80), *, sampling=1):
    transfer = Transfer(ADDRESS, PEER, first, last, size, 1)
    return Passage(transfer, *ports, 6, exporter, point, first, sampling)


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


def test_where_the_point_that_counts_ends_early_another_one_goes_on():
    sent = [seen(SENDER, 10, at, at + 10) for at in range(0, 100, 10)]
    received = [seen(RECEIVER, 10, at, at + 10) for at in range(0, 30, 10)]

    # The sender's record that touches the receiver's last one is left out.
    assert bytes_of(*sent, *received) == (90, 40)
    assert bytes_of(*sent[5:], *received) == (80, 0)


cuts = st.lists(st.integers(1, 9), min_size=1, max_size=12)


def told_by(exporter, sizes, missing):
    """Records of a second's traffic a unit, of so many units each; some are missing."""
    first, told = 0, []
    for number, length in enumerate(sizes):
        if number not in missing:
            told.append(seen(exporter, 10 * length, 10 * first, 10 * (first + length) - 1))
        first += length
    return told


@given(
    st.lists(
        st.tuples(st.sampled_from([SENDER, RECEIVER, SWITCH]), cuts, st.sets(st.integers(0, 11))),
        max_size=3,
        unique_by=lambda point: point[0],
    )
)
def test_no_moment_of_a_connection_counts_twice_whoever_is_silent_meanwhile(points):
    told = [each for point in points for each in told_by(*point)]

    counting = once(told, node_of, 1).counting

    spans = sorted(passage.transfer[2:4] for passage in counting)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(spans))
    for passage in told:
        first, last = passage.transfer[2:4]
        assert any(begin <= last + 1 and first - 1 <= end for begin, end in spans)


def test_what_counted_before_stays_and_no_other_point_counts_for_its_time():
    sent = [seen(SENDER, 10, at, at + 9) for at in range(0, 100, 20)]
    received = [seen(RECEIVER, 7, at, at + 9) for at in range(0, 100, 10)]
    settled = {*sent[:2], received[6]}

    found = once([*sent, *received], node_of, 1, lambda passage: passage in settled)

    assert settled <= set(found.counting)
    assert [each.transfer.bytes for each in found.counting].count(7) == 1


def test_of_a_thousand_points_each_is_asked_for_once_and_one_counts():
    points, asked = 1_000, []

    def counted_node_of(address, transfer):
        asked.append(address)
        return node_of(address, transfer)

    told = [seen(SENDER, 100, at, at + 10, f"out {at}") for at in range(points)]
    found = once(told, counted_node_of, 1_000)

    assert len(found.counting) == 1
    assert len(asked) < 2 * points


def test_of_two_samplers_one_counts_though_they_took_other_packets():
    sent = [seen(SENDER, 100, at, at + 1, sampling=20) for at in range(0, 100_000, 9_000)]
    received = [seen(RECEIVER, 90, at + 3_000, at + 3_001, sampling=20) for at in range(9_000)]
    others = [seen(SENDER, 50, at, at, ports=(50_000 + at, 80), sampling=20) for at in range(9_000)]

    assert bytes_of(*sent, *received, *others)[0] == 9_000 * 90
    assert bytes_of(*sent, *others)[0] == len(sent) * 100 + 9_000 * 50


def test_a_sampler_counts_again_long_after_the_one_before_fell_silent():
    received = seen(RECEIVER, 90, sampling=20)
    near, far = (seen(SENDER, 100, at, at, sampling=20) for at in (180_000, 180_011))

    assert bytes_of(received, near) == (90, 100)
    assert bytes_of(received, far) == (190, 0)


def test_of_samplers_that_are_no_node_each_connection_is_judged_by_itself():
    devices = [seen(SWITCH, 100, sampling=9), seen(None, 90, ports=(1, 2), sampling=9)]

    assert bytes_of(*devices) == (190, 0)


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
