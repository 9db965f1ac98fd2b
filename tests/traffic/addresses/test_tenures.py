"""Who held an address when: half-open, uncertain at the edges, never two at once."""

import pytest

from shorthaul.traffic.addresses.claims import Claim, PodState, Release, facts_between
from shorthaul.traffic.addresses.parties import Unknown
from shorthaul.traffic.addresses.tenures import timeline_of
from shorthaul.units import Namespace, PodRef, Uid
from traffic.addresses.tellers import ADDRESS, claim, party, release


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (99, Unknown.NOBODY),
        (100, party("a")),
        (199, party("a")),
        (200, Unknown.AMBIGUOUS),
        (209, Unknown.AMBIGUOUS),
        (210, party("b")),
        (10**12, party("b")),
    ],
)
def test_an_address_is_the_next_pods_from_when_it_was_surely_seen_with_it(moment, expected):
    """a was asked to go at 200 and seen gone at 230; b began at 190 and was seen at 210."""
    facts = [claim("a", 100, 120), release("a", 200, 230), claim("b", 190, 210)]

    assert timeline_of(facts, 0).over(moment, moment) == expected


def test_clocks_that_differ_make_the_uncertain_edges_wider():
    facts = [claim("a", 100, 100), release("a", 200, 200), claim("b", 200, 200)]

    exact, slack = timeline_of(facts, 0), timeline_of(facts, 5)

    assert exact.over(199, 199) == party("a")
    assert exact.over(200, 200) == party("b")
    assert slack.over(194, 194) == party("a")
    assert [slack.over(at, at) for at in (195, 204)] == [Unknown.AMBIGUOUS] * 2
    assert slack.over(205, 205) == party("b")


def test_what_touches_a_change_of_hands_is_ambiguous_whole():
    facts = [claim("a", 100, 100), release("a", 200, 200), claim("b", 200, 200)]

    timeline = timeline_of(facts, 0)

    assert timeline.over(150, 199) == party("a")
    assert timeline.over(150, 200) == Unknown.AMBIGUOUS
    assert timeline.over(50, 300) == Unknown.AMBIGUOUS


def test_time_that_nobody_is_known_for_is_not_given_to_the_holder_beside_it():
    timeline = timeline_of([claim("a", 100, 100), release("a", 200, 200)], 0)

    assert timeline.over(199, 201) == Unknown.AMBIGUOUS
    assert timeline.over(201, 300) == Unknown.NOBODY


def test_a_pod_of_the_same_name_is_the_same_party():
    """A StatefulSet's pod comes back by its name, with another uid, often to its old address."""
    reborn = claim("a", 200, 200)._replace(holder=Uid("a-again"))

    timeline = timeline_of([claim("a", 100, 100), release("a", 200, 200), reborn], 0)

    assert timeline.over(150, 250) == party("a")


def test_two_who_both_surely_hold_an_address_are_not_chosen_between():
    facts = [claim("a", 100, 100), claim("b", 150, 150)]

    assert timeline_of(facts, 0).over(160, 160) == Unknown.AMBIGUOUS


def test_a_pod_that_has_its_address_again_holds_it_twice():
    facts = [claim("a", 100, 100), release("a", 200, 200), claim("a", 300, 300)]

    timeline = timeline_of(facts, 0)

    assert timeline.over(250, 250) == Unknown.NOBODY
    assert timeline.over(350, 350) == party("a")


REF = PodRef(Namespace("shop"), "a")


def state(seen, **more):
    return PodState(Uid("a"), REF, seen, **{"addresses": frozenset({ADDRESS}), **more})


def test_a_watched_pod_claims_when_it_has_an_address_and_releases_when_it_is_gone():
    waiting = state(10, addresses=frozenset(), started_milliseconds=5)
    running = state(20, started_milliseconds=5)
    ending = state(30, started_milliseconds=5, ending_milliseconds=28)

    assert list(facts_between(None, waiting, 10)) == []
    assert list(facts_between(waiting, running, 20)) == [claim("a", 5, 20)]
    assert list(facts_between(running, ending, 30)) == []
    assert list(facts_between(ending, None, 40)) == [release("a", 28, 40)]


def test_a_finished_pod_releases_the_address_that_its_status_still_shows():
    running = state(20, started_milliseconds=5)
    finished = state(50, started_milliseconds=5, ending_milliseconds=45, finished=True)

    assert list(facts_between(running, finished, 50)) == [release("a", 45, 50)]
    assert list(facts_between(finished, None, 90)) == []


def test_a_pod_first_seen_finished_had_its_address_once():
    finished = state(50, started_milliseconds=5, ending_milliseconds=45, finished=True)

    told = list(facts_between(None, finished, 50))

    assert told == [claim("a", 5, 50), release("a", 45, 50)]
    assert timeline_of(told, 0).over(10, 40) == party("a")


def test_a_pod_that_vanished_surely_held_its_address_until_it_was_last_seen():
    assert list(facts_between(state(20), None, 90)) == [release("a", 20, 90)]


def test_a_pod_whose_address_changes_lets_go_of_the_old_one():
    moved = state(60, addresses=frozenset({b"\1" * 16}), started_milliseconds=5)

    told = list(facts_between(state(20, started_milliseconds=5), moved, 60))

    assert [type(fact) for fact in told] == [Claim, Release]
    assert told[1] == release("a", 20, 60)
