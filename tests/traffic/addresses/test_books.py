"""The address book: what time it answers for, what it forgets, and what it does when it is full."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.errors import BadInput
from shorthaul.traffic.addresses import ranges
from shorthaul.traffic.addresses.books import Book, BookRules
from shorthaul.traffic.addresses.parties import (
    WORLD,
    Kind,
    Unknown,
    address_text,
    node_party,
    read_address,
)
from shorthaul.units import NodeName, Tier
from traffic.addresses.tellers import (
    ADDRESS,
    EXACT,
    OTHER,
    PEER,
    book,
    claim,
    party,
    release,
    worlds,
)


def test_before_watching_began_and_after_the_newest_news_nothing_is_answered():
    made = book(claim("a", 50, 100), began=100, known=200)

    assert made.who(ADDRESS, 99, 120) is Unknown.EARLY
    assert made.who(ADDRESS, 100, 200) == party("a")
    assert made.who(ADDRESS, 150, 201) is Unknown.LATE


def test_an_answer_waits_until_a_change_would_have_been_told():
    rules = BookRules(slack_milliseconds=5, settle_milliseconds=40)
    made = book(claim("a", 0, 10), rules=rules, known=100)

    assert made.who(ADDRESS, 30, 55) == party("a")
    assert made.who(ADDRESS, 30, 56) is Unknown.LATE


def test_what_is_over_is_forgotten_after_the_retention():
    rules = BookRules(slack_milliseconds=0, settle_milliseconds=0, retention_milliseconds=160)
    made = book(claim("a", 10, 10), release("a", 20, 20), claim("b", 30, 30), rules=rules, known=20)
    assert made.facts == 3

    made.know(1_000)

    assert made.facts == 1
    assert made.who(ADDRESS, 10, 15) is Unknown.EARLY
    assert made.who(ADDRESS, 900, 1_000) == party("b")


def test_a_claim_repeated_after_it_was_forgotten_never_outdoes_the_holder():
    rules = BookRules(slack_milliseconds=0, settle_milliseconds=0, retention_milliseconds=160)
    told = [claim("a", 10, 10), release("a", 20, 20), claim("b", 30, 30)]
    made = book(*told, rules=rules, known=1_000)

    made.tell(told)

    assert made.who(ADDRESS, 900, 1_000) == party("b")
    assert made.late_facts == 3


def test_a_full_book_first_forgets_what_is_over():
    rules = BookRules(slack_milliseconds=0, settle_milliseconds=0, fact_limit=3)
    made = book(claim("a", 10, 10), release("a", 20, 20), claim("b", 30, 30), rules=rules, known=50)

    made.tell([claim("c", 60, 60, OTHER)])
    made.know(70)

    assert made.facts == 2
    assert made.who(ADDRESS, 40, 45) is Unknown.EARLY
    assert made.who(ADDRESS, 60, 70) == party("b")
    assert made.who(OTHER, 60, 70) == party("c")


def test_a_book_that_cannot_keep_the_present_answers_nothing():
    rules = BookRules(slack_milliseconds=0, settle_milliseconds=0, fact_limit=1)

    made = book(claim("a", 10, 10), claim("b", 10, 10, OTHER), rules=rules)

    assert made.full
    assert made.who(ADDRESS, 20, 30) is Unknown.FULL


def test_rules_below_nought_are_refused():
    with pytest.raises(ValueError, match="slack_milliseconds -1 is below 0"):
        BookRules(slack_milliseconds=-1)


def test_a_nodes_address_is_the_nodes():
    node = claim("n1", 0, 1)._replace(party=node_party(NodeName("n1")))

    assert book(node).who(ADDRESS, 5, 6) == node_party(NodeName("n1"))


PLACES = ranges.Ranges(
    [
        ranges.own("10.42.0.0/16"),
        ranges.anchor("office", "10.0.0.0/8", Tier.REGION),
        ranges.anchor("archive", "198.51.100.0/24", Tier.BEYOND),
        ranges.anchor("archive", "2001:db8::/32", Tier.BEYOND),
        ranges.dns(),
    ]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.42.3.3", Unknown.NOBODY),
        ("10.9.3.3", "anchor office"),
        ("198.51.100.7", "anchor archive"),
        ("2001:db8::7", "anchor archive"),
        ("169.254.20.10", "dns dns"),
        ("8.8.8.8", "world world"),
        ("2606:4700::1111", "world world"),
        ("192.168.1.1", Unknown.UNLISTED),
        ("fd00::1", Unknown.UNLISTED),
    ],
)
def test_the_narrowest_range_says_who_an_address_stands_for(text, expected):
    answer = book(ranges=PLACES).who(read_address(text), 5, 6)

    assert expected == (answer if isinstance(expected, Unknown) else str(answer))


def test_an_address_that_a_pod_once_held_is_never_taken_for_the_place_around_it():
    held = read_address("10.9.3.3")
    made = book(claim("a", 10, 10, held), release("a", 20, 20, held), ranges=PLACES)

    assert made.who(held, 30, 40) is Unknown.NOBODY


def test_a_place_tells_its_tier():
    assert {party.name: tier for party, tier in PLACES.tiers.items()} == {
        "office": Tier.REGION,
        "archive": Tier.BEYOND,
    }


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ([ranges.own("10.1.0.0/33")], "range '10.1.0.0/33' is none"),
        ([ranges.own("10.1.0.1/16")], "has host bits set"),
        ([ranges.own("10.1.0.0/16"), ranges.dns("10.1.0.0/16")], "name it once"),
        (
            [
                ranges.anchor("a", "1.0.0.0/8", Tier.ZONE),
                ranges.anchor("a", "2.0.0.0/8", Tier.RACK),
            ],
            "give places at different distances different names",
        ),
    ],
)
def test_ranges_that_make_no_sense_are_refused_in_one_line(made, message):
    with pytest.raises(BadInput, match=message):
        ranges.Ranges(made)


def test_text_that_is_no_address_is_refused_in_one_line():
    with pytest.raises(BadInput, match=r"address '10\.1' is no IPv4 or IPv6 address; mend it"):
        read_address("10.1")


@given(st.ip_addresses())
def test_addresses_are_written_as_they_were_read(address):
    mapped = address.ipv4_mapped if address.version == 6 else None

    assert address_text(read_address(str(address))) == str(mapped or address)


@given(worlds(), st.randoms(use_true_random=False), st.integers(0, 400), st.integers(0, 60))
def test_the_order_of_what_is_told_does_not_matter(world, random, first, length):
    shuffled = [*world.facts, *world.facts[:3]]
    random.shuffle(shuffled)

    one, other = book(*world.facts), book(*shuffled)

    for address in (ADDRESS, OTHER, PEER):
        assert one.who(address, first, first + length) == other.who(address, first, first + length)


@given(worlds(), st.integers(0, 400), st.integers(0, 60))
def test_forgetting_never_changes_an_answer_that_is_still_given(world, first, length):
    keeping = BookRules(slack_milliseconds=3, settle_milliseconds=0)
    kept, forgetful = (
        Book(keeping, 0, PLACES),
        Book(replace(keeping, retention_milliseconds=0), 0, PLACES),
    )
    for made in (kept, forgetful):
        made.tell(world.facts)
        made.know(160)
    forgetful.rules = keeping
    for made in (kept, forgetful):
        made.know(1_000)

    answer = forgetful.who(ADDRESS, first, first + length)

    assert answer in (Unknown.EARLY, kept.who(ADDRESS, first, first + length))


def test_a_book_of_exact_clocks_answers_from_its_first_moment():
    assert Book(EXACT, 100).known_from == 100


def test_only_pods_are_of_a_kind_that_moves():
    assert party("a").kind is Kind.POD
    assert WORLD.kind is not Kind.POD
