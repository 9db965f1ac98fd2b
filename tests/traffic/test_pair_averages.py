"""Averages, staleness and both ends of pairs in columns, to the bit as they are pair by pair."""

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.owned_pairs import sums_by_owner
from shorthaul.traffic.pair_averages import fresh, pair_averages
from shorthaul.traffic.sightings import both_ended
from traffic import plain_pairs
from traffic.pair_draws import columns, directories, told, workload

weighed = st.lists(st.tuples(told, st.sampled_from((1.0, 0.5, 0.7, 1 / 3))), max_size=5)


@given(weighed)
def test_averages_are_those_of_single_pairs(windows):
    each, weights = [window for window, _ in windows], [weight for _, weight in windows]

    assert list(pair_averages(each, weights)) == plain_pairs.averages(each, weights)


@given(columns, st.lists(told, max_size=4))
def test_pairs_are_fresh_when_they_or_their_workloads_were_seen_lately(found, newest):
    expected = plain_pairs.fresh(found, newest, workload)

    assert fresh(found, newest, workload).tolist() == expected


@given(columns, directories)
def test_pairs_are_both_ended_as_single_ones_are(pairs, directory):
    assert both_ended(pairs, directory).tolist() == plain_pairs.both_ended(pairs, directory)


@given(columns)
def test_events_are_summed_by_owner_as_if_one_by_one(pairs):
    expected = plain_pairs.by_owner(pairs, workload)

    assert sums_by_owner(pairs, workload) == expected
