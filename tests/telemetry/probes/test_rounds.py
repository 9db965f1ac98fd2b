"""Whom to probe in a round, and when."""

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.probes.rounds import Deck, turns


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 2**32))
def test_a_round_has_so_many_different_peers_however_many_there_are(count, most, seed):
    deck, peers = Deck(Random(seed)), list(range(count))

    for _ in range(10):
        dealt = deck.deal(peers, most)
        assert len(dealt) == len(set(dealt)) == min(count, most)


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(1, 10), st.integers(0, 2**32))
def test_everybody_has_a_turn_before_long(count, most, seed):
    deck, peers = Deck(Random(seed)), list(range(count))
    rounds = 2 * -(-count // most)

    dealt = [peer for _ in range(rounds) for peer in deck.deal(peers, most)]

    assert set(dealt) == set(peers)


def test_a_peer_that_is_gone_is_dealt_no_more():
    deck = Deck(Random(1))
    deck.deal(range(20), 5)

    assert all(19 not in deck.deal(range(19), 5) for _ in range(20))


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 5), st.floats(0.1, 100), st.integers(0, 2**32))
def test_probes_are_spread_over_the_round(count, each, seconds, seed):
    planned = turns(range(count), each, seconds, Random(seed))
    share = seconds / (count * each)

    assert Counter(turn.peer for turn in planned) == dict.fromkeys(range(count), each)
    assert all(
        place * share <= turn.offset_seconds <= (place + 1) * share
        for place, turn in enumerate(planned)
    )


def test_two_nodes_do_not_stay_in_step():
    one, other = (turns(range(5), 3, 10.0, Random(seed)) for seed in (1, 2))

    assert [turn.offset_seconds for turn in one] != [turn.offset_seconds for turn in other]
