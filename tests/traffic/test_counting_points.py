"""One point counts for a pair of addresses, window after window, whenever its exporters tell."""

import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.traffic.addresses.bills import Transfer
from shorthaul.traffic.addresses.parties import read_address
from shorthaul.traffic.counting_points import CountingPoints, Finders, PointRules
from shorthaul.traffic.passages import Passage
from shorthaul.units import NodeName

WINDOW = 60_000
A, B = read_address("10.1.0.1"), read_address("10.1.0.2")
NODE_A, NODE_B = read_address("10.0.0.1"), read_address("10.0.0.2")
SWITCH = read_address("10.9.9.9")
NODES = {address: NodeName("a") for address in (A, NODE_A)} | {
    address: NodeName("b") for address in (B, NODE_B)
}


def node_of(address, transfer):
    return NODES.get(address)


def passage(exporter, first, last, size, *, ends=(A, B), point="0"):
    transfer = Transfer(*ends, first, last, size, 1)
    return Passage(transfer, 40_000, 8_080, 6, exporter, point, first)


def counted(points, passages, window):
    """The bytes that count of a window by its number, learned from all of it."""
    points.learn(passages, Finders(node_of, node_of), (window + 1) * WINDOW)
    return sum(each.transfer.bytes for each in points.once(passages).counting)


def reports(exporter, sizes, period, offset, point="0"):
    """What an exporter tells of bytes per second, by the window in which it tells it."""
    told = defaultdict(list)
    for end in range(offset or period, len(sizes) + 1, period):
        size = sum(sizes[max(0, end - period) : end])
        if size:
            first = max(0, end - period) * 1_000
            told[end * 1_000 // WINDOW].append(
                passage(exporter, first, end * 1_000 - 1, size, point=point)
            )
    return told


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([((NODE_A, "0"), (NODE_B, "0")), ((NODE_B, "1"), (NODE_B, "2"))]),
    st.integers(0, 10_000),
    st.tuples(st.integers(15, 90), st.integers(15, 90)),
    st.tuples(st.integers(0, 89), st.integers(0, 89)),
)
def test_two_points_that_are_not_in_step_count_once(places, seed, periods, offsets):
    chance = random.Random(seed)
    sizes = [chance.randrange(1, 2_000) for _ in range(1_800)]
    told = [
        reports(place[0], sizes, period, offset, place[1])
        for place, period, offset in zip(places, periods, offsets, strict=True)
    ]
    points = CountingPoints()

    total = sum(
        counted(points, [*told[0][window], *told[1][window]], window) for window in range(31)
    )

    assert total <= sum(sizes)
    assert total >= 0.9 * sum(sizes)


def test_the_receivers_node_counts_from_its_first_word_on():
    points = CountingPoints()

    first = [passage(NODE_A, 0, 50_000, 700), passage(NODE_B, 0, 50_000, 1, ends=(B, A))]
    second = [passage(NODE_B, 0, 50_000, 700)]

    assert counted(points, first, 0) == 0
    assert counted(points, second, 1) == 700


def test_a_sender_counts_where_the_receivers_node_is_not_heard():
    points = CountingPoints()

    assert [counted(points, [passage(NODE_A, n, n + 9, 100)], n) for n in range(3)] == [100] * 3


def test_a_node_that_is_heard_and_silent_of_a_pair_is_not_waited_for_beyond_patience():
    points = CountingPoints(PointRules(patience_milliseconds=3 * WINDOW))

    found = []
    for window in range(8):
        start = window * WINDOW
        seen = [
            passage(NODE_A, start, start + 9, 100),
            passage(NODE_B, start, start + 9, 1, ends=(SWITCH, B)),
        ]
        found.append(counted(points, seen, window) - 1)

    assert found == [0, 0, 0, 100, 100, 100, 100, 100]


def test_nothing_counts_twice_when_the_receivers_node_begins_to_tell():
    points = CountingPoints()
    before = counted(points, [passage(NODE_A, 0, 59_000, 600)], 0)

    seen = [passage(NODE_B, 0, 59_000, 600), passage(NODE_A, 60_000, 90_000, 300)]
    change = counted(points, seen, 1)
    after = counted(points, [passage(NODE_B, 60_000, 118_000, 580)], 2)

    assert (before, change, after) == (600, 0, 580)


def test_of_one_nodes_points_the_largest_counts_and_stays():
    points = CountingPoints()

    found = []
    for window, (one, other) in enumerate([(900, 1_000), (1_000, 900), (0, 950), (1_000, 950)]):
        start = window * WINDOW
        seen = [
            passage(NODE_B, start, start + 9, size, point=name)
            for name, size in (("1", one), ("2", other))
            if size
        ]
        found.append(counted(points, seen, window))

    assert found == [1_000, 900, 950, 950]


def test_an_exporter_that_is_started_again_goes_on_counting_at_once():
    points = CountingPoints()
    first = counted(points, [passage(NODE_B, 0, 59_000, 600, point="4001 0 ingress 3")], 0)

    seen = [
        passage(NODE_B, 59_001, 70_000, 110, point="4001 0 ingress 3"),
        passage(NODE_B, 75_000, 90_000, 150, point="4002 0 ingress 3"),
        passage(NODE_A, 0, 118_000, 1_180, point="5001 0 egress 2"),
    ]
    then = counted(points, seen, 1)
    after = counted(points, [passage(NODE_B, 91_000, 150_000, 590, point="4002 0 ingress 3")], 2)

    assert (first, then, after) == (600, 260, 590)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 20_000), st.booleans()), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_restarts_of_the_only_exporter_lose_nothing_and_count_nothing_twice(records, chance):
    told, at, port = defaultdict(list), 0, 4_000
    for length, restarts in records:
        port += restarts
        at += 1
        point = f"{port} 0 ingress 3"
        told[(at + length) // WINDOW].append(passage(NODE_B, at, at + length, length, point=point))
        at += length
    points = CountingPoints()
    for passages in told.values():
        chance.shuffle(passages)

    found = [counted(points, told[window], window) for window in sorted(told)]

    assert sum(found) == sum(length for length, _ in records)


def test_processes_side_by_side_are_two_points_whatever_tells_them_apart():
    points = CountingPoints()
    one, other = "4001 0 ingress 0", "4002 0 ingress 0"
    found = []
    for window, (less, more) in enumerate([(900, 1_000), (1_000, 900), (0, 950), (1_000, 950)]):
        start = window * WINDOW
        seen = [
            passage(NODE_B, start, start + 50_000 + size, size, point=name)
            for name, size in ((one, less), (other, more))
            if size
        ]
        found.append(counted(points, seen, window))

    assert found == [1_000, 900, 950, 950]


def test_records_without_times_of_their_own_make_nobody_go_on():
    points = CountingPoints()
    one, other = (
        passage(NODE_B, at, at + 10_000, 600, point=f"{port} 0 ingress 0")
        for at, port in ((0, 4_001), (70_000, 4_002))
    )
    untimed = other._replace(since=other.transfer.last_milliseconds)

    assert counted(points, [one], 0) == 600
    assert counted(points, [untimed], 1) == 0


def test_devices_on_the_way_count_where_no_node_is_heard():
    points = CountingPoints()
    seen = [passage(SWITCH, 0, 9, 100, point=name) for name in "12"]

    assert counted(points, seen, 0) == 100


def test_a_device_counts_at_no_time_where_a_node_of_the_pair_is_heard():
    points = CountingPoints(PointRules(patience_milliseconds=3 * WINDOW))

    found = [counted(points, [passage(SWITCH, 0, 9, 100)], 0)]
    for window in range(1, 8):
        start = window * WINDOW
        seen = [
            passage(SWITCH, start, start + 9, 100),
            passage(NODE_B, start, start + 9, 1, ends=(B, NODE_B)),
        ]
        found.append(counted(points, seen, window) - 1)

    assert found == [100, *[0] * 7]


@pytest.mark.parametrize("pairs", [50, 500])
def test_the_number_of_pairs_is_bounded_and_those_that_are_known_stay(pairs):
    points = CountingPoints(PointRules(pair_limit=40))
    assert counted(points, [passage(NODE_A, 0, 9, 700)], 0) == 700
    ends = [(A, read_address(f"10.2.{n // 250}.{n % 250}")) for n in range(pairs)]

    seen = [passage(NODE_A, 0, 9, 1, ends=each) for each in ends]
    assert counted(points, seen, 1) == 39
    assert (len(points._pairs), points.left_out) == (40, pairs - 39)

    assert counted(points, [passage(NODE_A, 2 * WINDOW, 2 * WINDOW + 9, 500)], 2) == 500
    assert points.left_out == 0


@pytest.mark.parametrize(("pair_limit", "stays"), [(4, True), (2, False)])
def test_pairs_of_which_more_may_come_stay_while_there_is_room(pair_limit, stays):
    points = CountingPoints(PointRules(pair_limit=pair_limit))
    finders = Finders(node_of, node_of)
    near = [passage(NODE_B, 0, 9, 1, ends=(B, B))]
    points.learn([passage(NODE_A, 0, 9, 100), *near], finders, WINDOW)

    points.learn([], finders, 60 * WINDOW, open_milliseconds=WINDOW)

    assert ((A, B) in points._pairs) is stays


def compared(points, passages, window, nodes_of=node_of):
    """What both ends told of each way in a window by its number."""
    points.learn(passages, Finders(nodes_of, nodes_of), (window + 1) * WINDOW)
    return {each[:2]: tuple(each.ends) for each in points.compared}


def test_what_both_ends_nodes_told_is_compared_once_both_did():
    points = CountingPoints()

    found = [
        compared(points, seen, window)
        for window, seen in enumerate(
            [
                [passage(NODE_A, 0, 9, 100), passage(SWITCH, 0, 9, 500)],
                [passage(NODE_A, 60_000, 60_009, 10), passage(NODE_B, 0, 9, 99)],
                [passage(NODE_B, 60_000, 60_009, 10)],
            ]
        )
    ]

    assert found == [{}, {(A, B): (110, 99)}, {(A, B): (0, 10)}]


def test_one_node_has_no_two_ends_and_neither_has_a_device():
    points = CountingPoints()
    near = read_address("10.1.0.9")
    seen = [passage(NODE_B, 0, 9, 5, ends=(near, B)), passage(SWITCH, 0, 9, 5)]

    def nodes_of(address, transfer):
        return NodeName("b") if address == near else node_of(address, transfer)

    assert compared(points, seen, 0, nodes_of) == {}


def test_of_an_ends_points_the_largest_is_compared_and_stays():
    points = CountingPoints()

    found = []
    for window, (one, two) in enumerate([(100, 0), (0, 90), (100, 0)]):
        seen = [passage(NODE_A, 0, 9, size, point=p) for p, size in (("1", one), ("2", two))]
        seen = [each for each in seen if each.transfer.bytes]
        found.append(compared(points, [*seen, passage(NODE_B, 0, 9, 70)], window))

    assert [each[A, B] for each in found] == [(100, 70), (0, 70), (100, 70)]


def test_what_one_end_told_long_before_the_other_is_not_compared():
    points = CountingPoints(PointRules(patience_milliseconds=3 * WINDOW))

    for window in range(4):
        assert compared(points, [passage(NODE_A, 0, 9, 1_000)], window) == {}
    both = [passage(NODE_A, 0, 9, 10), passage(NODE_B, 0, 9, 10)]

    assert compared(points, both, 4) == {(A, B): (10, 10)}


told_windows = st.lists(
    st.lists(
        st.builds(
            passage,
            st.sampled_from([NODE_A, NODE_B, SWITCH]),
            st.integers(0, 30),
            st.integers(30, 60),
            st.integers(1, 10_000),
            ends=st.sampled_from([(A, B), (B, A)]),
            point=st.sampled_from("12"),
        ),
        max_size=6,
    ),
    max_size=6,
)


@given(told_windows, st.randoms(use_true_random=False))
def test_what_is_compared_does_not_depend_on_the_order_of_records(windows, chance):
    one, other = CountingPoints(), CountingPoints()

    for window, seen in enumerate(windows):
        shuffled = chance.sample(seen, len(seen))

        assert compared(one, seen, window) == compared(other, shuffled, window)
        assert sorted(one.compared) == sorted(other.compared)


@given(told_windows)
def test_every_byte_that_an_end_tells_is_compared_once(windows):
    points = CountingPoints(PointRules(patience_milliseconds=20 * WINDOW))
    single = [[each._replace(point="1") for each in seen] for seen in windows]
    last = [passage(node, 0, 60, 1, point="1") for node in (NODE_A, NODE_B)]

    sums = [0, 0]
    for window, seen in enumerate([*single, last]):
        for number, size in enumerate(compared(points, seen, window).get((A, B), (0, 0))):
            sums[number] += size

    whole = [each for seen in [*single, last] for each in seen if each.transfer.source == A]
    assert sums == [
        sum(each.transfer.bytes for each in whole if each.exporter == node)
        for node in (NODE_A, NODE_B)
    ]
