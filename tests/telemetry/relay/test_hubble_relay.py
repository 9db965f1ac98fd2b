"""Against Cilium's own observer, exporter and Relay: every flow once, whatever is cut."""

import gzip
import json
import time
from collections import Counter

import pytest

from shorthaul.telemetry.hubble_lines import LineReader
from shorthaul.traffic.anchors import Anchor, ranges_of, vertex
from shorthaul.traffic.flows import NANOSECONDS, Flow
from shorthaul.units import PodRef, Tier
from telemetry import export_lines
from telemetry.relay.followers import Follower
from testbed.hubbles import Hubble

pytestmark = [pytest.mark.hubble, pytest.mark.usefixtures("hubble_programs")]
NODES = ("n1", "n2", "n3")


@pytest.fixture
def hubble(tmp_path):
    """Agents that have something in their ring buffers, as real ones have, and a Relay."""
    with Hubble(tmp_path / "hubble", NODES, capacity=1023) as running:
        for node in NODES:
            running.see(node)
            running.see(node)
        running.start_relay()
        yield running


@pytest.fixture
def follower(hubble):
    with Follower(hubble.address) as made:
        made.until_connected(*NODES)
        yield made


def present(node, count):
    """Flows of the present, a millisecond apart, and their keys."""
    start = time.time() - export_lines.START_SECONDS
    keys = [f"{node}-{start}-{i}" for i in range(count)]
    lines = [
        export_lines.line("shop/web-1", "shop/cart-1", start + i / 1000, node=node, uuid=key)
        for i, key in enumerate(keys)
    ]
    return lines, keys


def spoken(hubble, count, nodes=NODES):
    """Lets each node see so many flows; returns their keys."""
    keys = []
    for node in nodes:
        lines, new = present(node, count)
        hubble.see(node, lines)
        keys += new
    return keys


def test_flows_come_once_though_the_relay_dies_in_the_middle(hubble, follower):
    keys = spoken(hubble, 300)
    follower.until_came(len(keys) // 2)
    hubble.kill_relay()
    keys += spoken(hubble, 300)
    down = follower.until(lambda reading: reading.health.troubles)
    assert not down.caught_up
    assert down.coverage.missing == NODES
    hubble.start_relay()

    follower.until_came(len(keys))
    reading = follower.until_connected(*NODES)

    assert follower.reports == Counter(keys)
    assert follower.lost == []
    assert reading.ignored["read before (the stream was begun again)"] > 0
    assert reading.health.troubles == ()


def test_what_a_ring_buffer_overwrote_meanwhile_is_told_as_lost(hubble, follower):
    keys = spoken(hubble, 100)
    follower.until_came(len(keys))
    hubble.kill_relay()
    follower.until(lambda reading: reading.health.troubles)
    keys += spoken(hubble, 3000, nodes=("n1",))
    hubble.start_relay()

    follower.until(lambda _: follower.lost)
    follower.until_connected(*NODES)

    assert set(follower.reports.values()) == {1}
    assert {lost.observer for lost in follower.lost} == {"n1"}
    missing = len(keys) - len(follower.flows)
    assert missing > 1900
    assert sum(lost.events for lost in follower.lost) == pytest.approx(missing, abs=10)


def test_an_agent_that_is_down_lowers_coverage_and_its_return_doubles_nothing(hubble, follower):
    keys = spoken(hubble, 50)
    follower.until_came(len(keys))

    hubble.kill_agent("n2")
    down = follower.until(lambda reading: "n2" not in reading.coverage.connected)
    assert down.coverage.missing == ("n2",)
    hubble.start_agent("n2")
    keys += spoken(hubble, 50)
    follower.until_came(len(keys))

    reading = follower.until_connected(*NODES)
    assert follower.reports == Counter(keys)
    assert reading.health.troubles == ()


def test_an_agent_that_returns_and_has_nothing_to_say_is_no_trouble_any_more(hubble, follower):
    follower.until(lambda reading: not reading.health.troubles)
    hubble.kill_agent("n2")
    down = follower.until(lambda reading: reading.health.troubles)
    assert "node n2: " in down.health.troubles[0]
    hubble.start_agent("n2")

    reading = follower.until_connected(*NODES)

    assert reading.health.troubles == ()


def test_the_first_flow_of_an_idle_node_after_a_cut_tells_of_no_loss(hubble, follower):
    follower.until(lambda reading: not reading.health.troubles)
    hubble.kill_relay()
    follower.until(lambda reading: reading.health.troubles)
    hubble.start_relay()
    follower.until_connected(*NODES)
    keys = spoken(hubble, 1)

    follower.until_came(len(keys))
    for _ in range(2):  # the nodes were asked again since, and have said what they have seen
        follower.until(lambda reading: reading.heard)

    assert follower.reports == Counter(keys)
    assert follower.lost == []


def test_a_stream_that_hubble_lets_hang_is_begun_anew(tmp_path):
    """A reader of an empty ring buffer hears nothing until the buffer has gone round once."""
    with Hubble(tmp_path / "hubble", NODES) as hubble:
        hubble.start_relay()
        with Follower(hubble.address) as follower:
            follower.until_connected(*NODES)
            keys = spoken(hubble, 50)

            follower.until_came(len(keys))

            assert follower.reports == Counter(keys)


def test_an_agent_can_be_asked_without_a_relay(hubble):
    with Follower(hubble.address_of("n3")) as follower:
        follower.until(lambda reading: reading.health.lines or not reading.health.troubles)
        keys = spoken(hubble, 20, nodes=("n3",))
        follower.until_came(len(keys))

        reading = follower.until_connected("n3")

        assert follower.reports == Counter(keys)
        assert reading.coverage.known == {"n3"}


def test_a_server_that_is_no_hubble_is_told_as_such(hubble):
    with Follower(hubble.address_of("health")) as follower:
        reading = follower.until(lambda reading: reading.health.troubles)

    [line] = reading.health.troubles
    assert "does not speak Hubble's Observer API; give the address of a Relay" in line


def test_recorded_flows_come_as_the_exporter_writes_them(tmp_path, recordings):
    files = sorted((recordings / "cilium-1.20" / "hubble").glob("*.json.gz"))
    if not files:
        pytest.skip("no recording of Cilium 1.20 on this machine")
    recorded = {path.name.split(".")[0]: decompressed(path) for path in files}
    lines = [line for each in recorded.values() for line in each]
    times = list(filter(None, (read(line).time_nanoseconds for line in lines)))
    begin = min(times) / NANOSECONDS - 1
    with Hubble(tmp_path / "hubble", tuple(recorded), capacity=16383) as hubble:
        for node in recorded:
            hubble.see(node, [early_event(begin)] * 2)
        hubble.start_relay()
        with Follower(hubble.address) as follower:
            follower.clock.set(begin)
            follower.until_connected(*recorded)
            follower.clock.set(max(times) / NANOSECONDS)
            for node, seen in recorded.items():
                hubble.see(node, seen)

            reading = follower.until(lambda reading: flows_read(reading) >= len(times))

            assert Counter(follower.flows) == counted(lines)
            for node, seen in recorded.items():
                exported = hubble.exported(node).read_bytes().splitlines()
                assert counted(exported) == counted(seen)
            assert flows_read(reading) == len(times)
            assert len(follower.flows) == 3898
            assert reading.ignored["traffic with the pod's own host"] == 7634


def decompressed(path):
    return gzip.decompress(path.read_bytes()).splitlines()


def flows_read(reading):
    return reading.health.lines - reading.ignored.get("node status", 0)


def read(line):
    return LineReader().read(line)


def counted(lines):
    reader = LineReader()
    outcomes = (reader.read(line) for line in lines)
    return Counter(each for each in outcomes if isinstance(each, Flow))


def early_event(seconds):
    time_told = export_lines.stamp(seconds - export_lines.START_SECONDS)
    return json.dumps({"agent_event": {"type": "AGENT_STARTED"}, "time": time_told}).encode()


def test_places_outside_come_by_name_from_real_agents_through_a_real_relay(hubble):
    places = ranges_of([Anchor("office", ("198.51.100.0/24",), Tier.REGION)])
    with Follower(hubble.address, places=lambda: places) as follower:
        follower.until_connected(*NODES)
        start = time.time() - export_lines.START_SECONDS
        hubble.see("n1", [outside(start + i / 1000, f"place-{i}", i % 2) for i in range(100)])
        reading = follower.until(lambda _: len(follower.anchored) >= 50)

    ends = {each.ends for each in follower.anchored}
    assert ends == {(vertex("office"), PodRef("shop", "web-1"))}
    named = Counter(each.key for each in follower.anchored)
    assert named == Counter(f"place-{i}" for i in range(0, 100, 2))
    assert {each.observer for each in follower.anchored} == {"n1"}
    assert follower.flows == []
    assert reading.health.flows == 50


def outside(at, key, elsewhere):
    """A flow from a place that has a name, or from elsewhere outside."""
    source = "203.0.113.1" if elsewhere else "198.51.100.9"
    told = {"IP": {"source": source, "destination": "10.0.0.2", "ipVersion": "IPv4"}}
    return export_lines.line("world", "shop/web-1", at, node="n1", uuid=key, **told)
