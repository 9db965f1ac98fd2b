"""Counts of pods add up over pods and time, and quantiles are those of the calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realshop import readings

COUNTS = st.integers(0, 1_000)
BUCKETS = st.dictionaries(st.integers(1, 10_000_000), st.integers(1, 50), max_size=20)
READINGS = st.builds(
    readings.Reading, *[COUNTS] * 5, BUCKETS, st.dictionaries(st.text(max_size=3), st.just(1))
)


def told(**more):
    """What a pod tells of one call that it makes."""
    counts = {"due": 3, "done": 2, "failed": 1, "skipped": 0}
    sizes = {"sent_bytes": 10, "received_bytes": 90}
    return {
        "name": "web-1",
        "ending": False,
        "calls": [
            counts | sizes | {"microseconds": [[500, 1], [900, 1]], "failures": {"x": 1}} | more
        ],
    }


def test_a_pods_calls_are_added_up():
    two = told()
    two["calls"] *= 2

    found = readings.read(two)

    assert (found.due, found.done, found.failed, found.bytes) == (6, 4, 2, 200)
    assert found.buckets == {500: 2, 900: 2}
    assert found.failures == {"x": 2}


@given(READINGS, READINGS)
def test_what_came_since_and_what_was_before_are_the_whole(one, other):
    assert one.plus(other).since(one) == other


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_quantile_is_that_of_the_sorted_calls(durations, share):
    buckets = {each: durations.count(each) for each in durations}

    found = readings.Reading(buckets=buckets).quantile(share)

    assert found is not None
    at_most = sum(each <= found * readings.MICROSECONDS + 1e-6 for each in durations)
    assert at_most >= share * len(durations) - 1e-9
    below = sum(each < found * readings.MICROSECONDS - 1e-6 for each in durations)
    assert below < share * len(durations) + 1e-9


def test_without_calls_there_is_no_quantile():
    assert readings.Reading().quantile(0.99) is None


@pytest.mark.parametrize("name", ["due", "done", "failed", "skipped"])
def test_every_count_is_read_under_its_own_name(name):
    assert getattr(readings.read(told(**{name: 7})), name) == 7
