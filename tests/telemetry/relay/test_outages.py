"""No window is taken for whole of which flows never came, and rates are right once all is back."""

import pytest

from telemetry.relay import outages_made
from telemetry.relay.outages_made import Outage


@pytest.fixture
def follow(monkeypatch):
    """Tells what comes of an outage."""
    return lambda outage: outages_made.follow(outage, monkeypatch)


def test_the_window_in_which_the_relay_goes_away_is_not_whole_though_nobody_comes_back(follow):
    story = follow(Outage(gone=95, back=185))

    assert story.partial == []
    assert story.shares


def test_windows_wait_for_what_is_read_again_after_a_long_outage_too(follow):
    story = follow(Outage(gone=103, back=166, rate=0.7, capacity=70, speed=4))

    assert story.partial == []
    assert min(story.shares) == pytest.approx(1, abs=0.15)


def test_nobody_is_covered_while_a_relay_that_is_gone_is_asked_again(follow):
    story = follow(Outage(gone=95, back=185))

    assert story.covered_while_gone == []
    assert min(story.covered) < 95
    assert max(story.covered) > 185


@pytest.mark.parametrize(("back", "unlisted_seconds"), [(120, 40), (189, 20)])
def test_a_node_that_a_young_relay_does_not_list_yet_is_not_forgotten(
    follow, back, unlisted_seconds
):
    story = follow(Outage(97, back, rate=0.7, capacity=70, unlisted_seconds=unlisted_seconds))

    assert story.partial == []
    assert story.shares


def test_rates_are_right_after_an_outage_longer_than_windows_are_kept(follow):
    story = follow(Outage(gone=101, back=510, end=640, rate=0.25, capacity=25))

    assert story.shares == pytest.approx([1] * len(story.shares), abs=0.2)
    assert len(story.shares) > 5


def test_nodes_that_are_read_hardly_faster_than_they_speak_are_not_taken_for_whole(follow):
    outage = Outage(75, 140, end=250, rate=1.0, capacity=300, speed=6, unlisted_seconds=3)

    assert follow(outage).partial == []
