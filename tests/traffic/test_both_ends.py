"""What both ends told of the same traffic, by addresses and by workloads, in whatever order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.billed_volumes import together, volume_of
from shorthaul.traffic.both_ends import Compared, compare, ends_of
from shorthaul.traffic.end_sums import EndSums
from traffic.addresses.tellers import ADDRESS, OTHER, PEER
from traffic.test_billed_volumes import ENDS, STRETCH
from traffic.test_metering import CART, NOBODY, NODE, WEB, WORLD, ground
from traffic.test_passages import ELSEWHERE, RECEIVER, SENDER, SWITCH, node_of, seen


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ([(ADDRESS, OTHER, 100, 90)], {(CART, WEB): (90, 100)}),
        ([(OTHER, ADDRESS, 30, 20)], {(CART, WEB): (30, 20)}),
        ([(ADDRESS, OTHER, 100, 90), (OTHER, ADDRESS, 30, 20)], {(CART, WEB): (120, 120)}),
        ([(OTHER, PEER, 7, 8)], {(CART, CART): (7, 8)}),
        ([(PEER, OTHER, 8, 7)], {(CART, CART): (7, 8)}),
        ([(ADDRESS, NODE, 1, 2), (WORLD, ADDRESS, 1, 2), (NOBODY, OTHER, 1, 2)], {}),
    ],
)
def test_what_both_ends_told_is_added_up_by_two_workloads_end_by_end(ways, expected):
    told = [Compared(*way[:2], 600, 700, EndSums(*way[2:])) for way in ways]

    assert ends_of(told, ground()) == expected


WAYS = st.lists(
    st.builds(
        Compared,
        ENDS,
        ENDS,
        st.just(600),
        st.just(700),
        st.builds(EndSums, st.integers(0, 1 << 40), st.integers(0, 1 << 40)),
    ),
    max_size=30,
)


@given(WAYS, WAYS, st.randoms(use_true_random=False))
def test_what_ends_told_is_the_same_in_any_order_and_in_any_parts(one, other, chance):
    whole = [*one, *other]
    parts = [
        replace(volume_of([], ground(), STRETCH), ends=ends_of(each, ground()))
        for each in (one, other)
    ]

    found = ends_of(whole, ground())

    assert ends_of(chance.sample(whole, len(whole)), ground()) == found
    assert together(*parts).ends == found
    pods = {ADDRESS, OTHER, PEER}
    assert sum(sum(each) for each in found.values()) == sum(
        sum(each.ends) for each in whole if {each.source, each.destination} <= pods
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([(SENDER, 100), (RECEIVER, 90)], [(100, 90)]),
        ([(RECEIVER, 90), (SENDER, 60, 0, 10, "in 5"), (SENDER, 40, 11, 20, "in 5")], [(100, 90)]),
        ([(RECEIVER, 90), (SENDER, 60, 0, 10, "a"), (SENDER, 70, 0, 10, "b")], [(70, 90)]),
        ([(SENDER, 100), (SWITCH, 90), (ELSEWHERE, 90), (None, 90)], []),
        ([(SWITCH, 100), (ELSEWHERE, 90)], []),
    ],
)
def test_two_ends_are_compared_where_the_nodes_of_both_told_each_by_its_largest_point(
    told, expected
):
    found = compare([seen(*each) for each in told], node_of)

    assert [tuple(each.ends) for each in found] == expected


def test_both_ends_on_one_node_are_not_compared():
    told = [seen(SENDER), seen(SENDER, point="out 1")]

    assert list(compare(told, lambda address, transfer: "n1")) == []


passages = st.lists(
    st.builds(
        seen,
        st.sampled_from([SENDER, RECEIVER, SWITCH, ELSEWHERE, None]),
        st.integers(0, 1 << 60),
        st.integers(0, 30),
        st.integers(30, 40),
        st.sampled_from(["in 1", "out 1"]),
        st.sampled_from([(1, 2), (2, 1)]),
    )
)


@given(passages, st.randoms(use_true_random=False))
def test_what_is_compared_depends_neither_on_order_nor_on_who_lies_between(told, chance):
    ends = [each for each in told if each.exporter in (SENDER, RECEIVER)]

    found = list(compare(ends, node_of))

    shuffled = chance.sample(told, len(told))
    assert [each.ends for each in compare(shuffled, node_of)] == [each.ends for each in found]
    assert list(compare(chance.sample(ends, len(ends)), node_of)) == found
