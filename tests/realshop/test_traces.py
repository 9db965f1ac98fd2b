"""Counters become rates, and a rate that fell tells when it came to rest."""

import pytest

from realshop import traces


def test_a_rate_is_the_mean_over_the_last_readings():
    readings = [(2.0 * number, 1_000 * number) for number in range(10)]

    found = traces.rates(readings)

    assert [when for when, _ in found] == [10.0, 12.0, 14.0, 16.0, 18.0]
    assert {rate for _, rate in found} == {500.0}


def test_too_few_readings_are_no_rate():
    assert traces.rates([(0.0, 0), (2.0, 10)]) == ()


def test_it_settles_after_the_last_moment_that_was_away_from_the_end():
    points = [(-10.0, 1_000.0), (0.0, 1_000.0), (10.0, 150.0), (20.0, 400.0), (30.0, 120.0)]

    assert traces.settled(points, 1_000, 100) == 20.0


def test_what_falls_at_once_settles_at_once():
    assert traces.settled([(-2.0, 1_000.0), (0.0, 100.0), (2.0, 90.0)], 1_000, 100) == 0.0


@pytest.mark.parametrize("after", [850.0, 1_000.0, 1_150.0])
def test_where_little_changed_there_is_nothing_to_settle(after):
    assert traces.settled([(0.0, 1_000.0), (2.0, 100.0)], 1_000, after) is None
