"""Bills: nothing is lost, nothing is billed to a pod that did not hold the address."""

from functools import reduce
from operator import add

from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.traffic.addresses.bills import Bill, Counts, Row, bill
from shorthaul.traffic.addresses.books import Book, BookRules
from shorthaul.traffic.addresses.parties import Kind, Party, Unknown, read_address
from traffic.addresses.tellers import (
    ADDRESS,
    OTHER,
    PEER,
    book,
    claim,
    party,
    release,
    transfer,
    worlds,
)

SERVICE = Party(Kind.SERVICE, "shop", "cart")
VIRTUAL = read_address("10.96.0.7")
RULES = BookRules(slack_milliseconds=3, settle_milliseconds=40)


def test_an_address_reused_at_once_is_never_billed_to_the_wrong_pod():
    made = book(
        claim("peer", 0, 1, PEER),
        claim("a", 100, 110),
        release("a", 200, 230),
        claim("b", 201, 205),
    )

    found = bill([transfer(150, 199), transfer(190, 210), transfer(210, 220)], made)

    assert found.rows == {
        Row(party("a"), party("peer")): Counts(100, 1, 1),
        Row(party("b"), party("peer")): Counts(100, 1, 1),
    }
    assert found.ambiguous == Counts(100, 1, 1)


def test_unknown_ends_are_counted_by_reason_with_an_example():
    made = book(claim("a", 100, 100))

    found = bill([transfer(150, 160), transfer(50, 60), transfer(150, 160, size=7)], made)

    assert found.rows == {}
    assert found.unattributed == Counts(207, 3, 3)
    assert {reason: each.counts.bytes for reason, each in found.unbilled.items()} == {
        Unknown.UNLISTED: 107,
        Unknown.NOBODY: 100,
    }
    assert found.unbilled[Unknown.UNLISTED].example == "10.42.1.7 → 10.42.9.9"


def service_book(*facts):
    made = book(
        claim("peer", 0, 1, PEER),
        claim("svc", 0, 1, VIRTUAL)._replace(party=SERVICE),
        *facts,
    )
    made.serve({SERVICE: (ADDRESS, OTHER)})
    return made


def test_a_services_traffic_is_shared_out_over_its_endpoints_and_marked():
    made = service_book(claim("a", 10, 10), claim("b", 10, 10, OTHER))

    found = bill([transfer(20, 30, PEER, VIRTUAL, size=101, packets=3)], made)

    assert found.rows == {
        Row(party("peer"), party("a"), estimated=True): Counts(50, 1, 0),
        Row(party("peer"), party("b"), estimated=True): Counts(51, 2, 1),
    }


def test_an_endpoint_that_did_not_hold_its_address_all_the_while_gets_no_share():
    made = service_book(claim("a", 10, 10), claim("b", 25, 25, OTHER))

    found = bill([transfer(20, 30, PEER, VIRTUAL)], made)

    assert found.rows == {Row(party("peer"), party("a"), estimated=True): Counts(100, 1, 1)}


def test_a_service_without_endpoints_is_unattributed():
    found = bill([transfer(20, 30, PEER, VIRTUAL)], service_book())

    assert found.unbilled[Unknown.NO_ENDPOINT].counts == Counts(100, 1, 1)


def watched(world):
    made = Book(RULES, 0)
    made.tell(world.facts)
    made.know(10**6)
    return made


@given(worlds())
def test_billed_unattributed_and_ambiguous_are_all_that_came(world):
    found = bill(world.transfers, watched(world))

    whole = sum(each.bytes for each in world.transfers)
    assert found.attributed + found.unattributed + found.ambiguous == Counts(
        whole, len(world.transfers), len(world.transfers)
    )


@given(worlds())
def test_no_pod_is_billed_for_what_another_sent(world):
    made = watched(world)

    for each, sender in zip(world.transfers, world.senders, strict=True):
        found = bill([each], made)
        assert set(found.rows) <= {Row(sender, party("peer"))}


@given(worlds(), st.integers(100, 400))
def test_no_pod_is_billed_for_what_another_sent_while_news_is_still_coming(world, now):
    """Asked at any moment, with only what had been seen by then."""
    made = Book(RULES, 0)
    made.tell(fact for fact in world.facts if fact.seen <= now)
    made.know(now)

    for each, sender in zip(world.transfers, world.senders, strict=True):
        assert set(bill([each], made).rows) <= {Row(sender, party("peer"))}


@given(worlds(slack=0), st.integers(50, 300), st.integers(0, 80))
def test_a_transfer_of_any_time_is_only_billed_to_the_one_pod_that_may_have_sent_it(
    world, first, length
):
    made = Book(BookRules(slack_milliseconds=0, settle_milliseconds=40), 0)
    made.tell(world.facts)
    made.know(10**6)
    each = transfer(first, first + length)

    billed = {row.source for row in bill([each], made).rows}

    held = world.overlapping(each)
    assert len(billed) <= 1
    assert len(held) < 2 or not billed
    assert not held or billed <= held


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_the_order_of_transfers_and_how_they_are_put_together_does_not_matter(world, random):
    made = watched(world)
    shuffled = list(world.transfers)
    random.shuffle(shuffled)

    one = bill(world.transfers, made)

    assert bill(shuffled, made) == one
    assert reduce(add, (bill([each], made) for each in shuffled), Bill()) == one


@given(worlds(slack=0))
def test_what_is_sent_in_the_middle_of_a_long_stay_is_billed(world):
    """The rule must not be safe by billing nothing."""
    for stay in world.stays:
        told = [fact for fact in world.facts if fact.holder == stay.name]
        begun, ended = told[0].seen, told[1].not_before
        if ended <= begun:
            continue
        made = Book(BookRules(0, 40), 0)
        made.tell(world.facts)
        made.know(10**6)
        found = bill([transfer(begun, ended - 1, stay.address)], made)
        assert found.rows == {Row(party(stay.name), party("peer")): Counts(100, 1, 1)}
