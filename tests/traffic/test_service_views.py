"""A connection through a Service is told of under two pairs of addresses, and counts once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.addresses.bills import Counts
from shorthaul.traffic.metering import meter
from shorthaul.traffic.service_views import by_endpoints
from traffic.addresses.tellers import ADDRESS, OTHER, PEER
from traffic.test_metering import CART, NODE, NODES_FAR, VIRTUAL, WEB, WORLD, ground, passage

LATER = (600, 900)
ASKED, ANSWERED = (40_000, 8080), (8080, 40_000)
SERVED = (80, 40_000)


def seen(source, destination, ports, exporter, size=1_000, stretch=LATER):
    return passage(source, destination, size, ports, stretch, exporter)


def test_an_answer_that_is_seen_before_and_behind_the_translation_counts_once():
    """The server's node sees the endpoint answer, the client's node the Service."""
    found = meter(
        [
            seen(ADDRESS, OTHER, ASKED, NODE, 10),
            seen(OTHER, ADDRESS, ANSWERED, NODES_FAR, 900),
            seen(VIRTUAL, ADDRESS, SERVED, NODE, 900),
        ],
        ground(),
    )

    assert found.edges == {(WEB, CART): Counts(910, 4, 2)}
    assert found.estimated == Counts()
    assert found.again.bytes == 900


def test_an_answer_on_the_clients_own_node_is_its_endpoints():
    """There nobody sees the answer before it is translated back; only what was asked tells."""
    given = [seen(ADDRESS, PEER, ASKED, NODE, 10), seen(VIRTUAL, ADDRESS, SERVED, NODE, 900)]

    _, answered = by_endpoints(given, ground().book)

    assert (answered.transfer.source, answered.source_port) == (PEER, 8080)
    assert answered.transfer.bytes == 900
    assert meter(given, ground()).estimated == Counts()


def test_what_is_asked_of_a_service_is_its_endpoints_too():
    given = [seen(ADDRESS, VIRTUAL, (40_000, 80), NODE), seen(ADDRESS, OTHER, ASKED, NODE)]

    assert {each.transfer[:2] for each in by_endpoints(given, ground().book)} == {(ADDRESS, OTHER)}


def test_a_port_that_is_used_again_is_told_apart_by_time():
    early, late = (510, 600), (5_000, 6_000)
    given = [
        seen(ADDRESS, OTHER, ASKED, NODE, stretch=early),
        seen(ADDRESS, PEER, ASKED, NODE, stretch=late),
        seen(VIRTUAL, ADDRESS, SERVED, NODE, stretch=early),
        seen(VIRTUAL, ADDRESS, SERVED, NODE, stretch=late),
    ]

    *_, one, other = by_endpoints(given, ground().book)

    assert (one.transfer.source, other.transfer.source) == (OTHER, PEER)


@pytest.mark.parametrize(
    "beside",
    [
        [],
        [(ADDRESS, OTHER, ASKED), (ADDRESS, PEER, ASKED)],
        [(ADDRESS, OTHER, (41_000, 8080))],
        [(ADDRESS, WORLD, ASKED)],
        [(PEER, OTHER, ASKED)],
    ],
    ids=["nobody tells", "two at once", "another port", "no endpoint", "another client"],
)
def test_where_none_or_several_may_be_it_an_estimate_stays(beside):
    given = [
        *(seen(*one, NODE) for one in beside),
        seen(VIRTUAL, ADDRESS, SERVED, NODE),
    ]

    assert by_endpoints(given, ground().book) == given


def test_a_long_connection_is_told_of_again_and_again():
    moments = [(600 + 5_000 * each, 700 + 5_000 * each) for each in range(300)]
    given = [
        *(seen(ADDRESS, OTHER, ASKED, NODE, stretch=moment) for moment in moments),
        *(seen(VIRTUAL, ADDRESS, SERVED, NODE, stretch=moment) for moment in moments),
    ]

    assert VIRTUAL not in {each.transfer.source for each in by_endpoints(given, ground().book)}


def test_a_port_that_speaks_with_very_many_tells_nothing():
    given = [
        *(seen(OTHER, ADDRESS, (port, 40_000), NODE) for port in range(1, 200)),
        seen(VIRTUAL, ADDRESS, SERVED, NODE),
    ]

    assert by_endpoints(given, ground().book) == given


addresses = st.sampled_from([ADDRESS, OTHER, PEER, NODE, VIRTUAL, WORLD])
ports = st.sampled_from([80, 8080, 40_000, 40_001])
passages = st.builds(
    seen,
    addresses,
    addresses,
    st.tuples(ports, ports),
    st.sampled_from([NODE, WORLD, None]),
    st.integers(0, 1 << 40),
    st.tuples(st.integers(500, 5_000), st.integers(5_000, 9_000)),
)


@given(st.lists(passages, max_size=12))
def test_only_the_services_end_changes_and_nothing_comes_or_goes(given_passages):
    found = by_endpoints(given_passages, ground().book)

    assert len(found) == len(given_passages)
    for before, after in zip(given_passages, found, strict=True):
        was, now = before.transfer, after.transfer
        assert was[2:] == now[2:]
        assert before[3:] == after[3:]
        if before != after:
            assert [one for one, two in zip(was[:2], now[:2], strict=True) if one != two] == [
                VIRTUAL
            ]
            assert {one for one, two in zip(now[:2], was[:2], strict=True) if one != two} <= {
                OTHER,
                PEER,
            }


@given(st.lists(passages, max_size=12), st.randoms())
def test_each_is_named_alike_in_whatever_order_they_come(given_passages, dice):
    shuffled = list(enumerate(given_passages))
    dice.shuffle(shuffled)
    named = by_endpoints([one for _, one in shuffled], ground().book)

    found = dict(zip((number for number, _ in shuffled), named, strict=True))
    assert [found[n] for n in range(len(given_passages))] == by_endpoints(
        given_passages, ground().book
    )
