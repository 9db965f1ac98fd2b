"""Round trips that a real Prometheus scrapes become the latencies in a Topology's status."""

import asyncio
import time
from random import Random

import msgspec
import pytest

from shorthaul import metrics
from shorthaul.act.latencies import LatencyFeed
from shorthaul.act.reckonings import Ground
from shorthaul.api.latency_sources import RoundTripSource
from shorthaul.api.topologies import Topology
from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus.answers import INFINITE, NEGATIVE, NOT_A_NUMBER
from shorthaul.telemetry.prometheus.round_trip_profiles import asked_of
from shorthaul.telemetry.prometheus.round_trips import LONG, NAMELESS, TWICE, read_round_trips
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import Tier
from worlds import builders

pytestmark = pytest.mark.prometheus
NODES = tuple(builders.node(f"n{index}", f"z{index // 3}") for index in range(6))
GROUND = Ground(
    builders.cluster(NODES, ()),
    measure({node.name: node.labels for node in NODES}, DEFAULT_SCALE),
)
BOUNDS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.25, 1.0, float("inf"))
NAN = float("nan")
WINDOW = 300
METRIC = "netobserv_node_rtt_seconds"
OWN = {"source": "from_node", "destination": "to_node"}
ODD = {
    ("n0", "n1"): 0.0003,
    ("n1", "n0"): 0.0004,
    ("n0", "n2"): NAN,
    ("n2", "n0"): -1.0,
    ("n1", "n2"): float("inf"),
    ("n2", "n1"): 7e9,
    ("n0", ""): 0.1,
}


def histogram(source, destination, seconds, count, *, shown=True):
    """So many observations of one time, as NetObserv's pipeline exposes them."""
    labels = {"SrcK8S_HostName": source, "DstK8S_HostName": destination}
    for bound in BOUNDS:
        le = {"le": "+Inf" if bound == float("inf") else f"{bound:g}"}
        told = (count if seconds <= bound else 0) if shown else NAN
        yield f"{METRIC}_bucket", "gauge", labels | le, told
    yield f"{METRIC}_count", "gauge", labels, count


def flows(count):
    """Nodes of a zone are 0.3 ms apart, others 8 ms; what must not count is beside it.

    Each direction is what the node that receives has measured.
    """
    names = [node.name for node in NODES]
    for source in names:
        for destination in names:
            near = GROUND.distances.tier(source, destination) in (Tier.HOST, Tier.ZONE)
            yield from histogram(source, destination, 0.0003 if near else 0.008, count)
    for ends in (("", "n0"), ("n1", ""), ("gone", "n0"), ("n0", "gone")):
        yield from histogram(*ends, 0.9, count)
    yield from histogram("n0", "silent", 0.9, 7)
    yield from histogram("n0", "broken", 0.9, count, shown=False)


def gauges():
    for (source, destination), seconds in ODD.items():
        yield "own_rtt_seconds", "gauge", {"from_node": source, "to_node": destination}, seconds
    for path in ("a", "b"):
        labels = {"from_node": "n3", "to_node": "n4", "path": path}
        yield "own_rtt_seconds", "gauge", labels, 0.001


@pytest.fixture(scope="module")
def moment(prometheus):
    """The second at which flows have been seen by both exporters' agents."""
    prometheus.show([*flows(10), *gauges()], [])
    return prometheus.show([*flows(110), *gauges()], [])


def part(prometheus, **asked):
    return {"address": prometheus.url, "windowSeconds": WINDOW, **asked}


def read(prometheus, at_seconds, **asked):
    source = msgspec.convert(part(prometheus, **asked), RoundTripSource)
    return read_round_trips(prometheus.ask, asked_of(source), seconds=WINDOW, at_seconds=at_seconds)


def test_netobservs_histogram_tells_medians_by_pair_and_direction(prometheus, moment):
    found = read(prometheus, moment, profile="netobserv")

    assert found.milliseconds["n0", "n3"] == pytest.approx(7.5)
    assert found.milliseconds["n3", "n0"] == pytest.approx(7.5)
    assert found.milliseconds["n0", "n1"] == pytest.approx(2.5)
    assert (found.resolution.above, found.resolution.below) == (5.0, 1_000.0)
    assert len(found.milliseconds) == 36 + 2
    assert ("n0", "silent") not in found.milliseconds


def test_a_broken_agent_is_counted_and_costs_its_own_pairs_only(prometheus, moment):
    found = read(prometheus, moment, profile="netobserv")

    assert found.refused == {NOT_A_NUMBER: 1}


def test_conditions_narrow_what_is_asked(prometheus, moment):
    only = [{"label": "DstK8S_HostName", "value": "n[01]", "match": "=~"}]

    found = read(prometheus, moment, profile="netobserv", where=only)

    assert {destination for _, destination in found.milliseconds} == {"n0", "n1"}


def test_an_own_query_answers_seconds_and_what_is_none_is_counted_by_reason(prometheus, moment):
    found = read(prometheus, moment, ownQuery={"query": "own_rtt_seconds # as it is", **OWN})

    once = (NOT_A_NUMBER, NEGATIVE, INFINITE, LONG, NAMELESS)
    assert found.refused == {**dict.fromkeys(once, 1), TWICE: 2}
    assert found.milliseconds == {
        ("n0", "n1"): pytest.approx(0.3),
        ("n1", "n0"): pytest.approx(0.4),
    }


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"ownQuery": {"query": "own_rtt_seconds[5m]", **OWN}}, "HTTP status 400: "),
        ({"ownQuery": {"query": "own_rtt_seconds)", **OWN}}, "HTTP status 400: "),
        (
            {"ownHistogram": {"metric": "absent_rtt_seconds", **OWN}},
            "no series of absent_rtt_seconds_bucket with both from_node and to_node in 300 s",
        ),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(prometheus, moment, asked, line):
    with pytest.raises(BadInput) as error:
        read(prometheus, moment, **asked)

    assert line in str(error.value)
    assert "\n" not in str(error.value)


def topology(prometheus, **asked):
    spec = {
        "latencies": {"host": 0.1, "rack": 0.2, "zone": 0.5, "region": 1.5, "beyond": 50.0},
        "latencySource": {"type": "Prometheus", "prometheus": part(prometheus, **asked)},
    }
    body = {"metadata": {"name": "default"}, "spec": spec, "kind": "Topology"}
    return msgspec.convert({"apiVersion": "shorthaul.dev/v1alpha1", **body}, Topology)


def refused(outcome):
    name = "shorthaul_round_trips_total"
    return metrics.REGISTRY.get_sample_value(name, {"outcome": outcome}) or 0


async def test_the_operator_adopts_what_a_real_prometheus_tells(prometheus, moment):
    """The operator's clock is turned on for each sweep; Prometheus is asked at the true time."""
    feed = LatencyFeed(Random(1), sweep_seconds=1.0)
    wanted = topology(prometheus, profile="netobserv")
    broken, unknown = refused(NOT_A_NUMBER), refused("an end is no node")
    now = time.time()
    try:
        async with asyncio.timeout(120):
            while True:
                now += 1.0
                feed.observe(wanted, lambda: GROUND, now)
                found = feed.measurements(now)
                if found.state.holds:
                    break
                await asyncio.sleep(0.02)
    finally:
        feed.close()

    assert [(each.tier, each.milliseconds, each.pairs) for each in found.latencies] == [
        (Tier.REGION, 7.5, 9)
    ]
    assert found.state.reason == "Measured"
    assert "between 5 and 1000 ms only, which those of zone are not" in found.state.message
    assert refused(NOT_A_NUMBER) >= broken + 5
    assert refused("an end is no node") >= unknown + 10
