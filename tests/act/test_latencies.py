"""From probers' reports to the latencies in a Topology's status, and from there into plans."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import msgspec
import pytest

from act import latency_feeds
from shorthaul.act.latencies import RULES, LatencyFeed
from shorthaul.act.reckonings import Ground, reckon
from shorthaul.api import topologystatuses
from shorthaul.api.latency_sources import LatencySource, LatencySourceType, ProbesSource
from shorthaul.api.objects import ObjectMeta
from shorthaul.api.topologies import TierLatencies, Topology, TopologySpec
from shorthaul.plan import promises
from shorthaul.telemetry.probes.readers import Sweep
from shorthaul.telemetry.probes.reports import PeerReport, Report
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import Objective, Tier
from worlds import builders

NODES = tuple(
    builders.node(f"n{index}", f"z{index // 3}", addresses=(f"10.0.0.{index}",))
    for index in range(6)
)
DISTANCES = measure({node.name: node.labels for node in NODES}, DEFAULT_SCALE)
PODS = tuple(
    builders.pod(
        f"system/prober-{index}", f"n{index}", kind="DaemonSet", addresses=(f"10.1.0.{index}",)
    )
    for index in range(6)
)
GROUND = Ground(builders.cluster(NODES, PODS), DISTANCES)
SOURCE = LatencySource(
    type=LatencySourceType.PROBES, probes=ProbesSource(address="127.0.0.2:1", stale_seconds=100)
)
TOPOLOGY = Topology(
    metadata=ObjectMeta(name="default", generation=1),
    spec=TopologySpec(
        latencies=TierLatencies(host=0.1, rack=0.2, zone=0.5, region=1.5, beyond=50.0),
        latency_source=SOURCE,
    ),
)


def report(index, *, age=1.0, within=0.3, between=4.0):
    peers = tuple(
        PeerReport(
            address=f"10.1.0.{other}",
            probes=9,
            least_milliseconds=within if index // 3 == other // 3 else between,
            age_seconds=age,
        )
        for other in range(6)
        if other != index
    )
    return Report(node="whoever", peers=peers)


def sweep(**given):
    return Sweep({f"10.1.0.{index}": report(index, **given) for index in range(6)}, 6)


def reckoned(found, before=None, now=1_000.0):
    return reckon(found, before or {}, GROUND, now_seconds=now, stale_seconds=100)


def test_addresses_tell_the_nodes_and_what_a_prober_calls_itself_does_not():
    found = reckoned(sweep())

    assert {tier: each.milliseconds for tier, each in found.estimates.items()} == {
        Tier.ZONE: 0.3,
        Tier.REGION: 4.0,
    }
    assert len(found.told) == 15


def test_a_prober_on_no_node_counts_nothing():
    found = reckoned(Sweep({"10.9.9.9": report(0)}, 1))

    assert (found.strangers, dict(found.times)) == (1, {})


def test_what_is_stale_counts_nothing():
    before = reckoned(sweep(age=60.0)).times

    assert len(before) == 30
    assert dict(reckoned(Sweep(), before, now=1_041.0).times) == {}
    assert dict(reckoned(sweep(age=101.0)).times) == {}


def test_a_sweep_over_some_probers_keeps_what_others_said_before():
    before = reckoned(sweep()).times
    some = Sweep({"10.1.0.0": report(0, within=0.4)}, 6)

    found = reckoned(some, before, now=1_010.0)

    assert found.pairs.milliseconds["n0", "n1"] == 0.4
    assert found.pairs.milliseconds["n1", "n2"] == 0.3


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("shorthaul.act.reckonings.MOST_TIMES", 7)
    before = reckoned(Sweep({"10.1.0.0": report(0, age=50.0)}, 6)).times

    found = reckoned(Sweep({"10.1.0.1": report(1)}, 6), before).times

    assert len(found) == 7
    assert sum(one == "n1" for one, _ in found) == 5


def fed(feed, found, now):
    latency_feeds.taken(feed, found, now, reckoned)


@pytest.fixture
async def feed():
    made = latency_feeds.resting(TOPOLOGY, GROUND)
    yield made
    made.close()


def with_status(feed, now, topology=TOPOLOGY):
    status = topologystatuses.fitting(topology, DISTANCES, moment(now), feed.measurements(now))
    return msgspec.structs.replace(topology, status=status)


def moment(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def prices(topology):
    return promises.prices(Objective.LATENCY, DISTANCES, topology)


def measured(topology):
    (found,) = [each for each in topology.status.conditions if each.type == "LatenciesMeasured"]
    return found.status.value, found.reason, found.message


GIVEN = {Tier.HOST: 0.1, Tier.RACK: 0.2, Tier.ZONE: 0.5, Tier.REGION: 1.5, Tier.BEYOND: 50.0}


async def test_plans_take_what_was_measured_once_there_was_enough_of_it(feed):
    for turn in range(RULES.persistence - 1):
        fed(feed, sweep(), 1_000.0 + turn)
    gathering = with_status(feed, 1_010.0)
    fed(feed, sweep(), 1_010.0)
    probed = with_status(feed, 1_011.0)

    assert measured(gathering)[:2] == ("False", "Gathering")
    assert prices(gathering) == GIVEN
    assert measured(probed) == (
        "True",
        "Probed",
        "plans are made with these; not measured, so as the spec has it: rack, beyond",
    )
    assert prices(probed) == {**GIVEN, Tier.ZONE: 0.3, Tier.REGION: 4.0}
    assert [(each.tier, each.milliseconds, each.pairs) for each in probed.status.latencies] == [
        (Tier.ZONE, 0.3, 6),
        (Tier.REGION, 4.0, 9),
    ]
    assert probed.status.probers == 6


async def test_stale_measurements_fall_back_to_the_spec_and_say_so(feed):
    for turn in range(RULES.persistence):
        fed(feed, sweep(), 1_000.0 + turn)
    fed(feed, Sweep(example="10.1.0.0: no answer in time"), 1_050.0)
    still, stale = with_status(feed, 1_100.0), with_status(feed, 1_104.0)

    assert prices(still)[Tier.REGION] == 4.0
    assert measured(stale)[:2] == ("False", "LatenciesStale")
    assert "10.1.0.0: no answer in time" in measured(stale)[2]
    assert prices(stale) == GIVEN


async def test_noise_moves_no_price(feed):
    for turn in range(RULES.persistence):
        fed(feed, sweep(), 1_000.0 + turn)
    before = prices(with_status(feed, 1_010.0))
    noise = Random(7)
    for turn in range(50):
        fed(
            feed,
            sweep(within=0.3 + noise.uniform(-0.09, 0.09), between=noise.uniform(3.1, 4.9)),
            1_010.0 + turn,
        )

    assert prices(with_status(feed, 1_060.0)) == before


async def test_a_restart_goes_on_with_what_was_adopted(feed):
    for turn in range(RULES.persistence):
        fed(feed, sweep(), 1_000.0 + turn)
    topology = with_status(feed, 1_010.0)
    again = LatencyFeed(Random(1), sweep_seconds=1e9)
    again.observe(topology, lambda: GROUND, 1_020.0)
    again.close()

    assert prices(with_status(again, 1_021.0, topology)) == prices(topology)
    assert prices(with_status(again, 1_121.0, topology)) == GIVEN


async def test_what_no_plan_depends_on_is_told_now_and_then_and_what_counts_at_once(
    feed, monkeypatch
):
    monkeypatch.setattr("shorthaul.act.latencies.TOLD_SECONDS", 50.0)
    for turn in range(RULES.persistence):
        fed(feed, sweep(), 1_000.0 + turn)
    first = with_status(feed, 1_010.0)
    fed(feed, Sweep({"10.1.0.0": report(0, within=0.31)}, 6), 1_011.0)
    same = with_status(feed, 1_011.0, first)
    for turn in range(RULES.persistence):
        fed(feed, sweep(between=9.0), 1_020.0 + turn)
    adopted = with_status(feed, 1_030.0, same)
    fed(feed, Sweep({"10.1.0.0": report(0, between=9.0)}, 6), 1_031.0)
    soon, later = with_status(feed, 1_079.0, adopted), with_status(feed, 1_080.0, adopted)

    assert same.status == first.status
    assert prices(adopted)[Tier.REGION] == 9.0
    assert soon.status == adopted.status
    assert (adopted.status.probers, later.status.probers) == (6, 1)


async def test_contradictory_labels_cost_nothing_that_was_measured(feed):
    for turn in range(RULES.persistence):
        fed(feed, sweep(), 1_000.0 + turn)
    before = with_status(feed, 1_010.0)

    told = topologystatuses.contradicted(
        before, "nodes n1 and n2 share a rack", moment(1_011.0), feed.measurements(1_011.0)
    )

    after = msgspec.structs.replace(before, status=told)
    assert (told.latencies, told.measured_latencies, told.probers) == (
        *(before.status.latencies, before.status.measured_latencies),
        6,
    )
    assert measured(after) == measured(before)
    assert {each.type for each in told.conditions} == {"LatenciesMeasured", "Ready", "Stalled"}


@pytest.mark.parametrize("lie", [0.0, 900.0])
async def test_one_broken_prober_moves_no_price(feed, lie):
    lying = {"10.1.0.0": report(0, within=lie, between=lie)}
    found = replace(sweep(), reports=sweep().reports | lying)
    for turn in range(RULES.persistence):
        fed(feed, found, 1_000.0 + turn)

    assert prices(with_status(feed, 1_010.0)) == {**GIVEN, Tier.ZONE: 0.3, Tier.REGION: 4.0}


async def test_a_topology_without_a_source_says_nothing_of_it(feed):
    bare = msgspec.structs.replace(TOPOLOGY, spec=TopologySpec())
    feed.observe(bare, lambda: GROUND, 2_000.0)

    assert feed.measurements(2_000.0) is None
    assert [each.type for each in with_status(feed, 2_000.0, bare).status.conditions] == ["Ready"]


async def test_observing_never_waits_for_a_prober():
    """Nobody answers there: the sweep ends by itself, beside the ticks."""
    feed = LatencyFeed(Random(1), sweep_seconds=0.0)
    feed.observe(TOPOLOGY, lambda: GROUND, 1.0)
    assert feed.measurements(1.0).state.reason == "NoProbers"
    async with asyncio.timeout(120):
        while "127.0.0.2: " not in feed.measurements(2.0).state.message:
            await asyncio.sleep(0.05)
            feed.observe(TOPOLOGY, lambda: GROUND, 2.0)
    feed.close()


async def test_an_address_that_is_none_is_told_and_ends_nothing():
    named = ProbesSource(address="probers:99999", stale_seconds=100)
    source = LatencySource(type=LatencySourceType.PROBES, probes=named)
    topology = msgspec.structs.replace(
        TOPOLOGY, spec=msgspec.structs.replace(TOPOLOGY.spec, latency_source=source)
    )
    feed = LatencyFeed(Random(1), sweep_seconds=0.0)
    async with asyncio.timeout(120):
        while "is no peer" not in feed_message(feed, topology):
            await asyncio.sleep(0.05)
    feed.close()


def feed_message(feed, topology):
    feed.observe(topology, lambda: GROUND, 2.0)
    return feed.measurements(2.0).state.message


def test_a_sweep_that_found_nobody_estimates_nothing():
    assert reckoned(Sweep()).estimates == {}
