"""From round trips in Prometheus to the latencies in a Topology's status."""

import asyncio
from datetime import UTC, datetime
from random import Random

import msgspec
import pytest

from act import latency_feeds
from shorthaul import metrics
from shorthaul.act.latencies import RULES, LatencyFeed
from shorthaul.act.reckonings import Ground, reckon
from shorthaul.api import latencies
from shorthaul.api.topologies import Topology
from shorthaul.api.topologystatuses import fitting
from shorthaul.telemetry.prometheus.answers import NEGATIVE
from shorthaul.telemetry.prometheus.round_trips import RoundTrips
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.topology.soundings import Resolution
from shorthaul.units import Tier
from worlds import builders

NODES = tuple(builders.node(f"n{index}", f"z{index // 3}") for index in range(6))
DISTANCES = measure({node.name: node.labels for node in NODES}, DEFAULT_SCALE)
GROUND = Ground(builders.cluster(NODES, ()), DISTANCES)
BUCKETS = Resolution(5.0, 1_000.0)
CLOSED = "http://127.0.0.1:9"


def topology(**source):
    part = {"address": CLOSED, "profile": "netobserv", "staleSeconds": 100, **source}
    spec = {
        "latencies": {"host": 0.1, "rack": 0.2, "zone": 0.5, "region": 1.5, "beyond": 50.0},
        "latencySource": {"type": "Prometheus", "prometheus": part},
    }
    body = {"metadata": {"name": "default"}, "spec": spec, "kind": "Topology"}
    return msgspec.convert({"apiVersion": "shorthaul.dev/v1alpha1", **body}, Topology)


TOPOLOGY = topology()


def answered(*, within=2.5, between=7.5, one_way=False, resolution=BUCKETS, refused=None):
    """What an engine says of all pairs of nodes, of which the histogram tells no zone."""
    found = {
        (f"n{one}", f"n{other}"): within if one // 3 == other // 3 else between
        for one in range(6)
        for other in range(6)
        if one != other and not (one_way and one > other)
    }
    return RoundTrips(found, refused or {}, resolution)


def reckoned(found, before=None, now=1_000.0):
    return reckon(found, before or {}, GROUND, now_seconds=now, stale_seconds=100)


def test_a_tier_that_the_buckets_do_not_tell_has_no_estimate():
    found = reckoned(answered())

    assert {tier: each.milliseconds for tier, each in found.estimates.items()} == {Tier.REGION: 7.5}
    assert found.untold == (Tier.ZONE,)
    assert {each.milliseconds for each in found.told} == {7.5}
    assert len(found.told) == 9


def test_what_is_measured_in_one_direction_only_counts_nothing():
    found = reckoned(answered(one_way=True))

    assert (found.estimates, found.pairs.one_sided) == ({}, 15)


def test_unknown_nodes_are_counted_and_a_node_with_itself_is_no_pair():
    odd = {("n0", "n0"): 9.0, ("n0", "gone"): 9.0, ("gone", "n0"): 9.0}
    more = RoundTrips({**answered().milliseconds, **odd}, {}, BUCKETS)

    found = reckoned(more)

    assert found.strangers == 2
    assert found.times == reckoned(answered()).times


@pytest.mark.parametrize(
    ("lie", "told"), [(0.01, {}), (5.0, {}), (900.0, {Tier.REGION: 7.5}), (6e4, {Tier.REGION: 7.5})]
)
def test_what_is_told_of_one_node_can_withhold_an_estimate_and_changes_none(lie, told):
    lies = {ends: lie for ends in answered().milliseconds if "n0" in ends}
    found = reckoned(RoundTrips({**answered().milliseconds, **lies}, {}, BUCKETS))

    assert {tier: each.milliseconds for tier, each in found.estimates.items()} == told


def fed(feed, found, now):
    latency_feeds.taken(feed, found, now, reckoned)


@pytest.fixture
async def feed():
    made = latency_feeds.resting(TOPOLOGY, GROUND)
    yield made
    made.close()


def measured(feed, now):
    state = feed.measurements(now).state
    return state.holds, state.reason, state.message


async def test_before_anything_was_asked_the_specs_latencies_count(feed):
    assert measured(feed, 1.0) == (
        *(False, "NoRoundTrips"),
        "nothing was asked so far; the spec's latencies count",
    )


async def test_plans_take_what_was_measured_and_the_rest_is_told(feed):
    for turn in range(RULES.persistence - 1):
        fed(feed, answered(), 1_000.0 + turn)
    gathering = measured(feed, 1_009.0)
    fed(feed, answered(), 1_010.0)
    now = datetime.fromtimestamp(1_011.0, UTC)
    status = fitting(TOPOLOGY, DISTANCES, now, feed.measurements(1_011.0))

    assert gathering[:2] == (False, "Gathering")
    assert measured(feed, 1_011.0) == (
        *(True, "Measured"),
        "plans are made with these; not measured, so as the spec has it: rack, zone, beyond; the "
        "buckets tell times between 5 and 1000 ms only, which those of zone are not",
    )
    assert (status.probers, len(status.measured_latencies)) == (0, 9)
    known = latencies.latencies(msgspec.structs.replace(TOPOLOGY, status=status))
    assert known.probed == {Tier.REGION: 7.5}


async def test_buckets_that_tell_no_tier_are_told(feed):
    fed(feed, answered(between=3.0), 1_000.0)

    holds, reason, message = measured(feed, 1_001.0)

    assert (holds, reason) == (False, "TooCoarse")
    assert "between 5 and 1000 ms only, which those of zone, region are not" in message


async def test_too_little_is_told_with_what_was_refused(feed):
    fed(feed, answered(one_way=True, refused={NEGATIVE: 3}), 1_000.0)

    holds, reason, message = measured(feed, 1_001.0)

    assert (holds, reason) == (False, "TooFewPairs")
    assert message.startswith(
        "15 round trips were answered, 0 of them with an end that is no node, 3 more refused "
        f"({NEGATIVE}: 3); both ends agree on 0 pairs of nodes, not on 0, 15 were measured from "
        "one end only"
    )


async def test_an_engine_that_is_away_costs_what_was_adopted_only_when_it_is_stale(feed):
    for turn in range(RULES.persistence):
        fed(feed, answered(), 1_000.0 + turn)
    fed(feed, RoundTrips(resolution=BUCKETS, trouble="it is away"), 1_050.0)

    assert measured(feed, 1_100.0)[:2] == (True, "Measured")
    assert measured(feed, 1_105.0) == (
        *(False, "LatenciesStale"),
        "no tier was measured for more than 100 s (it is away); the spec's latencies count",
    )


async def swept(feed, wanted, until):
    """Lets the feed sweep until its condition's message has something in it."""
    now = 0.0
    async with asyncio.timeout(120):
        while until not in feed_message(feed, wanted, now):
            await asyncio.sleep(0.05)
            now += 1.0
    return feed.measurements(now).state


def feed_message(feed, wanted, now):
    feed.observe(wanted, lambda: GROUND, now)
    return feed.measurements(now).state.message


def failures():
    return metrics.REGISTRY.get_sample_value("shorthaul_round_trip_failures_total")


async def test_a_dead_engine_is_one_line_and_is_counted():
    before = failures()
    feed = LatencyFeed(Random(1), sweep_seconds=0.0)

    state = await swept(feed, TOPOLOGY, "cannot be asked")
    feed.close()

    assert state.reason == "NoRoundTrips"
    assert state.message.startswith(f"{CLOSED}: cannot be asked (")
    assert "\n" not in state.message
    assert failures() > before


async def test_a_token_in_the_clear_is_refused_before_anything_is_asked():
    feed = LatencyFeed(Random(1), sweep_seconds=0.0)

    state = await swept(feed, topology(address="http://far:9090", tokenFile="/token"), "clear")
    feed.close()

    assert state.message.startswith("http://far:9090: the token would travel in the clear")


async def test_a_window_is_asked_for_as_often_as_it_takes_sweeps_to_adopt():
    feed = LatencyFeed(Random(1), sweep_seconds=30.0)
    feed.observe(topology(windowSeconds=300), lambda: GROUND, 1_000.0)
    due = feed._watch.due
    feed.close()

    assert due == 1_000.0 + 300 / RULES.persistence
