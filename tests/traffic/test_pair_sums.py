"""Columns of pairs are a sequence of their pairs, in order and exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.pair_sums import PairSum, among, pair_sums
from shorthaul.units import PodRef
from traffic.pair_draws import sums

different = st.lists(sums, unique_by=lambda each: (each.client, each.server))


@given(different, st.randoms())
def test_columns_are_the_sequence_of_their_pairs_whatever_order_they_came_in(pairs, dice):
    mixed = dice.sample(pairs, len(pairs))

    found = pair_sums(mixed)

    assert list(found) == sorted(pairs, key=lambda each: (each.client, each.server))
    assert [found[row] for row in range(len(found))] == list(found)
    assert found.events.tolist() == [each.events for each in found]
    assert found == pair_sums(pairs)
    assert list(found[1:3]) == list(found)[1:3]
    assert list(found.keys) == sorted(set(found.keys))


def test_columns_differ_where_a_pair_does():
    one, other = PodRef("a", "x"), PodRef("a", "y")

    assert pair_sums([PairSum(one, other, 1, 0)]) != pair_sums([PairSum(one, other, 1, 1)])


def test_rates_and_counts_beyond_64_bits_are_kept():
    one, other = PodRef("a", "x"), PodRef("a", "y")

    [found] = pair_sums([PairSum(one, other, 2**70 + 1, 0.25)])

    assert (found.forward, found.backward) == (2**70 + 1, 0.25)


def test_a_pair_that_comes_twice_is_refused():
    each = PairSum(PodRef("a", "x"), PodRef("a", "y"), 1, 0)

    with pytest.raises(ValueError, match="pair a/x → a/y is there twice"):
        pair_sums([each, each])


@given(st.lists(st.integers(0, 99)), st.sets(st.integers(0, 99)))
def test_keys_are_found_among_others_that_are_in_order(keys, known):
    found = among(np.array(keys, np.int64), np.array(sorted(known), np.int64))

    assert found.tolist() == [key in known for key in keys]
