"""A FlowSource of type HubbleRelay on a real Relay: windows from it, and none from half of it."""

import asyncio
import time
from datetime import UTC, datetime

import msgspec
import pytest

from shorthaul.act.feeds import Feed
from shorthaul.api.flowsources import FlowSource
from shorthaul.traffic.windows import WindowRules
from telemetry import export_lines
from testbed.hubbles import Hubble

NODES = frozenset({"n1", "n2"})
LIMIT_SECONDS = 60


def source(address, **more):
    return msgspec.convert(
        {
            "metadata": {"name": "relay", "generation": 1},
            "spec": {"type": "HubbleRelay", "hubbleRelay": {"address": address}, **more},
        },
        FlowSource,
    )


class Fed:
    """A feed of one source that is observed again and again."""

    def __init__(self, address, **more):
        rules = WindowRules(window_seconds=1, lateness_seconds=1, kept_windows=60)
        self.feed, self.source = Feed(rules, time.time()), source(address, **more)

    def until(self, condition):
        end = time.monotonic() + LIMIT_SECONDS
        while True:
            asyncio.run(self.feed.observe([self.source], time.time(), NODES))
            if found := condition(self.feed):
                return found
            assert time.monotonic() < end, self.state
            time.sleep(0.05)

    @property
    def state(self):
        status = self.feed.status(self.source, datetime.now(UTC))
        [ready] = status.conditions
        return ready.status, ready.reason, ready.message, status.health

    def close(self):
        self.feed.close()


@pytest.fixture
def fed():
    made = []

    def feed(*arguments, **more):
        made.append(Fed(*arguments, **more))
        return made[-1]

    yield feed
    for each in made:
        each.close()


@pytest.mark.hubble
@pytest.mark.usefixtures("hubble_programs")
def test_an_agent_that_is_down_stops_planning_until_it_is_back(tmp_path, fed):
    with Hubble(tmp_path / "hubble", sorted(NODES)) as hubble:
        for node in sorted(NODES) * 2:
            hubble.see(node)
        hubble.start_relay()
        relay = fed(hubble.address)
        relay.until(lambda feed: feed.uncovered(NODES) is None)
        assert relay.state[:2] == ("True", "Reading")
        start = time.time() - export_lines.START_SECONDS + 1
        both = export_lines.both("shop/web-1", "shop/cart-1", start, ("n1", "n2"))
        hubble.see("n2", both[:1])
        hubble.see("n1", both[1:])

        [window] = relay.until(
            lambda feed: [window for window in feed.recorder.windows if window.pairs]
        )
        hubble.kill_agent("n2")
        reason = relay.until(lambda feed: feed.uncovered(NODES))
        told = relay.state
        hubble.start_agent("n2")
        hubble.see("n2")
        relay.until(lambda feed: feed.uncovered(NODES) is None)

        assert window.complete
        [pair] = window.pairs
        assert (pair.forward, pair.backward) == (1, 1)
        assert (pair.forward_observers, pair.backward_observers) == ({"n2"}, {"n1"})
        assert reason.message.endswith(
            "1 of 2 nodes arrive (relay), at least 90 % are asked for; not: n2"
        )
        assert told[:2] == ("False", "FlowsUncovered") or told[1] == "SourceInTrouble"
        assert (told[3].nodes, told[3].connected_nodes) == (2, 1)


def test_a_relay_that_cannot_be_reached_is_one_line_and_covers_nothing(fed):
    relay = fed("127.0.0.1:9")

    relay.until(lambda feed: relay.state[1] == "SourceInTrouble")

    assert "127.0.0.1:9: unavailable" in relay.state[2]
    assert relay.feed.uncovered(NODES).code == "FlowsUncovered"
    assert not relay.feed.recorder.windows


def test_a_relay_of_which_nothing_was_heard_is_not_told_as_being_read(fed):
    relay = fed("127.0.0.1:9")
    told = [relay.state[:2]]

    relay.until(lambda feed: told.append(relay.state[:2]) or told[-1][1] == "SourceInTrouble")

    assert told[0] == ("False", "NothingHeard")
    assert {status for status, _ in told} == {"False"}


def test_a_source_that_is_only_reported_may_cover_as_little_as_it_likes(fed):
    relay = fed("127.0.0.1:9", trust="ReportOnly")

    relay.until(lambda feed: relay.state[1] == "SourceInTrouble")

    assert relay.feed.uncovered(NODES) is None
