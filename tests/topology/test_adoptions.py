"""Measured latencies are adopted when they surely changed, and never for noise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.topology.adoptions import Adoption, Rules, rounded
from shorthaul.units import Tier

RULES = Rules(persistence=3, band_ratio=0.25, band_milliseconds=0.1)


def heard(*estimates, start=None, tier=Tier.ZONE, rules=RULES):
    state = Adoption({} if start is None else {tier: start})
    for estimate in estimates:
        state = state.with_estimates({} if estimate is None else {tier: estimate}, rules)
    return state.adopted.get(tier)


def test_a_first_latency_is_adopted_once_there_were_enough_of_them():
    assert heard(1.0, 1.1) is None
    assert heard(1.0, 1.1, 5.0) == 1.1


def test_what_lies_outside_the_band_for_long_enough_is_adopted():
    assert heard(1.3, 1.3, start=1.0) == 1.0
    assert heard(1.3, 1.6, 1.4, start=1.0) == 1.4
    assert heard(0.7, 0.7, 0.7, start=1.0) == 0.7


def test_one_estimate_within_the_band_or_on_the_other_side_begins_anew():
    assert heard(1.3, 1.3, 1.2, 1.3, 1.3, start=1.0) == 1.0
    assert heard(1.3, 1.3, 0.5, 1.3, 1.3, start=1.0) == 1.0


def test_a_tier_that_was_not_measured_keeps_what_it_has():
    assert heard(None, None, None, start=1.0) == 1.0
    assert heard(1.3, None, 1.3, None, 1.3, start=1.0) == 1.3


def test_each_tier_is_by_itself():
    state = Adoption({Tier.ZONE: 1.0, Tier.REGION: 9.0})
    for _ in range(3):
        state = state.with_estimates({Tier.ZONE: 2.0, Tier.REGION: 9.5}, RULES)

    assert state.adopted == {Tier.ZONE: 2.0, Tier.REGION: 9.0}


@settings(deadline=None)
@given(st.floats(0.01, 1000), st.lists(st.floats(-0.99, 0.99), max_size=60))
def test_noise_within_the_band_never_changes_anything(latency, noise):
    band = max(RULES.band_milliseconds, RULES.band_ratio * latency)

    assert heard(*(latency + band * each for each in noise), start=latency) == latency


@settings(deadline=None)
@given(st.floats(0.01, 1000), st.lists(st.floats(0, 1e6), max_size=60))
def test_spikes_that_come_back_in_time_never_change_anything(latency, spikes):
    """However high and however often: never as many in a row as persistence."""
    estimates = [each for spike in spikes for each in (spike, spike, latency)]

    assert heard(*estimates, start=latency) == latency


@settings(deadline=None)
@given(st.lists(st.floats(0.05, 1000), min_size=1, max_size=80))
def test_what_is_adopted_has_been_measured(estimates):
    found = heard(*estimates)

    if found is not None:
        near = min(estimates, key=lambda each: abs(each - found))
        assert abs(near - found) <= max(0.005, 0.05 * near) + 1e-9


@pytest.mark.parametrize(
    ("exact", "told"), [(0.0, 0.0), (0.004, 0.0), (0.123, 0.12), (1.26, 1.3), (123.4, 120.0)]
)
def test_latencies_are_rounded_to_two_digits(exact, told):
    assert rounded(exact) == told
