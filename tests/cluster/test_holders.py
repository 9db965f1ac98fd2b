"""The live address book: pods as they come and go, and whose they were."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster.holders import Holders
from shorthaul.cluster.snapshots import Node, Pod, Service, Snapshot
from shorthaul.traffic.addresses import ranges
from shorthaul.traffic.addresses.books import BookRules
from shorthaul.traffic.addresses.parties import (
    Kind,
    Party,
    Unknown,
    node_party,
    pod_party,
    read_address,
)
from shorthaul.traffic.identities import PodIdentity
from shorthaul.units import NodeName, PodRef, Tier, Uid, WorkloadRef

RULES = BookRules(slack_milliseconds=10, settle_milliseconds=100, retention_milliseconds=100_000)
ADDRESS = "10.1.0.1"
START = 1_000_000


def pod(name, address=ADDRESS, *, created=START, node="n1", **more):
    addresses = (address,) if address else ()
    owner = WorkloadRef("shop", "Deployment", "cart")
    return Pod(
        PodRef("shop", name),
        Uid(f"uid-{name}-{created}"),
        owner,
        NodeName(node),
        addresses=addresses,
        created_seconds=created / 1_000,
        **more,
    )


def seen(*changes):
    holders = Holders(RULES)
    for before, after, moment in changes:
        holders.see(before, after, moment)
    return holders


def who(holders, moment, until, address=ADDRESS):
    return holders.know(until).who(read_address(address), moment, moment)


def test_an_address_that_is_used_again_is_each_pods_in_its_own_time():
    old, new = pod("old"), pod("new", created=START + 5_000)
    holders = seen(
        (None, old, START),
        (old, replace(old, terminating=True), START + 4_000),
        (replace(old, terminating=True), None, START + 4_500),
        (None, replace(new, addresses=()), START + 5_000),
        (replace(new, addresses=()), new, START + 6_000),
    )

    at = [START + 2_000, START + 4_700, START + 7_000]
    assert [who(holders, moment, START + 9_000) for moment in at] == [
        pod_party(old.ref),
        Unknown.NOBODY,
        pod_party(new.ref),
    ]


def test_a_replacement_of_the_same_name_is_another_holder():
    old = pod("cart-0")
    new = replace(pod("cart-0", "10.1.0.2", created=START + 5_000), node=NodeName("n2"))
    holders = seen((None, old, START), (old, new, START + 5_000))

    assert who(holders, START + 7_000, START + 9_000, "10.1.0.2") == pod_party(new.ref)
    assert who(holders, START + 7_000, START + 9_000) is Unknown.NOBODY


def test_nothing_is_answered_before_the_watch_began_nor_before_news_has_settled():
    holders = seen((None, pod("a", created=1), START))

    assert who(holders, START - 1, START + 500) is Unknown.EARLY
    assert who(holders, START + 450, START + 500) is Unknown.LATE
    assert who(holders, START + 450, START + 600) == pod_party(PodRef("shop", "a"))


def test_a_pod_with_an_address_that_is_none_stops_nobody():
    holders = seen((None, pod("a", "nonsense"), START), (None, pod("b"), START))

    assert who(holders, START + 50, START + 500) == pod_party(PodRef("shop", "b"))


def test_nodes_and_services_have_always_had_the_addresses_that_they_are_first_seen_with():
    holders = seen((None, pod("a"), START))
    service = Service("shop", "cart", addresses=("10.96.0.7",))
    world = Snapshot({"n1": Node("n1", addresses=("10.0.0.1",))}, {}, services=(service,))
    holders.look(world, START + 5_000)

    assert who(holders, START + 100, START + 6_000, "10.0.0.1") == node_party("n1")
    party = Party(Kind.SERVICE, "shop", "cart")
    assert who(holders, START + 100, START + 6_000, "10.96.0.7") == party


def test_a_node_that_goes_lets_go_of_its_address():
    holders = seen((None, pod("a"), START))
    holders.look(Snapshot({"n1": Node("n1", addresses=("10.0.0.1",))}, {}), START + 1_000)
    holders.look(Snapshot({}, {}), START + 2_000)

    assert who(holders, START + 5_000, START + 6_000, "10.0.0.1") is Unknown.NOBODY


def test_whose_a_pod_was_and_where_is_remembered_as_of_then():
    first, second = pod("cart-0"), pod("cart-0", node="n2")
    holders = seen((None, first, START))
    holders.look(Snapshot({}, {first.ref: first}), START)
    holders.look(Snapshot({}, {second.ref: second}), START + 5_000)
    holders.look(Snapshot({}, {}), START + 8_000)
    book = holders.know(START + 9_000)

    early, late = holders.ground(book, START + 4_000), holders.ground(book, START + 9_000)

    assert early.directory.pods == {first.ref: PodIdentity(first.workload, "n1")}
    assert early.nodes[pod_party(first.ref)] == "n1"
    assert late.nodes[pod_party(first.ref)] == "n2"


@settings(deadline=None)
@given(st.integers(2, 60))
def test_what_is_over_is_forgotten_after_the_retention(churn):
    holders = Holders(RULES)
    for number in range(churn):
        one, moment = pod(f"p-{number}", created=START), START + number * 20_000
        holders.see(None, one, moment)
        holders.see(one, replace(one, terminating=True), moment + 5_000)
        holders.look(Snapshot({}, {one.ref: one}), moment)
        holders.see(one, None, moment + 10_000)
        book = holders.know(moment + 15_000)

    lasting = RULES.retention_milliseconds // 20_000 * 2 + 4
    assert book.facts <= 2 * lasting
    assert len(holders.ground(book, START).directory.pods) <= lasting
    assert len(holders._states) == 0


def churned(holders, first, count):
    """So many pods that come and go, one each 20 s; the moment of the last one's end."""
    for number in range(first, first + count):
        one, moment = pod(f"p-{number}", "10.1.0.9"), START + number * 20_000
        holders.see(None, one, moment)
        holders.see(one, None, moment + 10_000)
    return moment + 10_000


@settings(deadline=None)
@given(st.integers(1, 60))
def test_news_that_nobody_asks_for_is_kept_no_longer_than_the_retention(churn):
    holders = Holders(RULES)
    churned(holders, 0, churn)

    assert len(holders._news) <= RULES.retention_milliseconds // 20_000 * 2 + 2
    assert len(holders._news) + holders.dropped_news == 2 * churn


def test_who_asks_first_after_long_finds_who_was_there_all_the_time():
    old, gone = pod("old"), pod("gone", "10.1.0.2")
    holders = seen((None, old, START), (None, gone, START), (gone, None, START + 1_000))
    ended = churned(holders, 1, 20)

    assert who(holders, START + 50, ended + 500) is Unknown.EARLY
    assert who(holders, ended, ended + 500) == pod_party(old.ref)
    assert who(holders, ended, ended + 500, "10.1.0.2") is Unknown.UNLISTED


def test_a_book_that_missed_news_is_begun_again():
    old, gone = pod("old"), pod("gone", "10.1.0.2")
    holders = seen((None, old, START), (None, gone, START))
    nodes = Snapshot({"n1": Node("n1", addresses=("10.0.0.1",))}, {})
    holders.look(nodes, START + 100)
    assert who(holders, START + 100, START + 500, "10.1.0.2") == pod_party(gone.ref)

    holders.see(gone, None, START + 1_000)
    ended = churned(holders, 1, 20)

    assert who(holders, START + 100, ended + 500) is Unknown.EARLY
    assert who(holders, ended, ended + 500) == pod_party(old.ref)
    assert who(holders, ended, ended + 500, "10.1.0.2") is Unknown.UNLISTED
    assert who(holders, ended, ended + 500, "10.0.0.1") == node_party("n1")


def test_places_outside_have_the_names_that_they_were_given_last():
    holders, world = seen(), Snapshot({}, {})
    moment, until = START + 5_000, START + 9_000
    found = []
    for name in ("archive", "office"):
        holders.look(world, START, [ranges.anchor(name, "8.8.8.0/24", Tier.ZONE)])
        found.append((str(who(holders, moment, until, "8.8.8.8")), *holders.know(until).tiers))
    holders.look(world, START)

    assert found == [
        (f"anchor {name}", Party(Kind.ANCHOR, "", name)) for name in ("archive", "office")
    ]
    assert str(who(holders, moment, until, "8.8.8.8")) == "world world"
    assert str(who(holders, moment, until, "169.254.20.10")) == "dns dns"
