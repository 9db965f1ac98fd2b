"""What an operator that is started again knows of the traffic: all that is still in the files."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from shorthaul.act.feeds import Feed
from shorthaul.api.flowsources import FlowSource
from shorthaul.traffic.windows import WindowRules
from telemetry import export_lines
from telemetry.export_lines import START_SECONDS

RULES = WindowRules(window_seconds=10, lateness_seconds=5, kept_windows=6)
NODES = frozenset({"n1"})


@pytest.fixture
def log(tmp_path):
    return tmp_path / "events.log"


def source(log, generation=1, **more):
    return msgspec.convert(
        {
            "metadata": {"name": "hubble", "generation": generation},
            "spec": {"type": "HubbleExport", "hubbleExport": {"path": str(log), **more}},
        },
        FlowSource,
    )


def write(log, first, last):
    """One event a second."""
    lines = [export_lines.line("shop/web-1", "shop/cart-1", i) for i in range(first, last)]
    with log.open("ab") as file:
        file.write(export_lines.joined(lines))


def observe(feed, wanted, seconds):
    return asyncio.run(feed.observe([wanted], START_SECONDS + seconds, NODES))


def test_a_restarted_feed_has_the_windows_that_one_without_a_pause_would_have(log):
    steady, later = Feed(RULES, START_SECONDS), None
    for now in range(0, 101, 5):
        write(log, now, now + 5)
        observe(steady, source(log), now + 5)

    later = Feed(RULES, START_SECONDS + 105)
    observe(later, source(log), 105)

    expected = list(steady.recorder.windows)
    assert len(expected) == RULES.kept_windows
    assert expected[1:] == list(later.recorder.windows)[-5:]


def test_a_source_that_says_so_begins_with_what_is_new(log):
    write(log, 0, 90)
    feed = Feed(RULES, START_SECONDS + 90)

    assert observe(feed, source(log, fromBeginning=False), 90) == ()
    assert not feed.recorder.windows


def test_a_changed_source_goes_on_without_counting_anything_twice(log):
    write(log, 0, 42)
    feed = Feed(RULES, START_SECONDS + 42)
    observe(feed, source(log), 42)
    observe(feed, source(log, generation=2), 43)
    write(log, 42, 60)
    observe(feed, source(log, generation=2), 60)

    assert {sum(pair.events for pair in w.pairs) for w in feed.recorder.windows} == {10}


def test_a_flow_from_a_time_to_come_is_told_as_of_now(log):
    write(log, 0, 5)
    feed = Feed(RULES, START_SECONDS)
    observe(feed, source(log), 5)
    now = datetime.fromtimestamp(START_SECONDS + 2, UTC)

    health = feed.status(source(log), now).health

    assert (health.last_flow_time, health.lag_seconds) == (now, 0.0)
