"""Traffic with named places outside, from a real Prometheus: by name, once, and in no plan."""

import asyncio
import csv
import time

import pytest

from cli.commands import refused, shorthaul
from shorthaul.cluster.directories import directory_of
from shorthaul.telemetry.live_books import LiveBook
from shorthaul.telemetry.prometheus.clients import Engine, Server
from shorthaul.telemetry.prometheus.ends import Names
from shorthaul.telemetry.prometheus.live_windows import LiveWindows, Question
from shorthaul.telemetry.prometheus.outsides import Outsides
from shorthaul.telemetry.prometheus.profiles import builtin
from shorthaul.telemetry.prometheus.readers import Stretch, read_traffic
from shorthaul.telemetry.sources import Surroundings
from shorthaul.traffic import anchors
from shorthaul.traffic.byte_graphs import byte_graph
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import Tier
from telemetry.collected.test_readers import two_pods
from telemetry.prometheus import metric_shapes
from telemetry.prometheus.metric_shapes import COROOT, DB, DIRECTORY, WEB_POD
from telemetry.prometheus.test_live_windows import PATIENCE_SECONDS, SNAPSHOT, obi

pytestmark = pytest.mark.prometheus
TOPOLOGY = """
apiVersion: shorthaul.dev/v1alpha1
kind: Topology
metadata: {name: default}
spec:
  anchors:
  - {name: warehouse, cidrs: [198.51.100.0/24], tier: zone}
"""
PLACES = anchors.ranges_of([anchors.Anchor("warehouse", ("198.51.100.0/24",), Tier.ZONE)])
WAREHOUSE = anchors.vertex("warehouse")
SIDES = {"k8s_dst_name": "", "k8s_dst_namespace": "", "k8s_dst_owner_name": ""}
HIDDEN = {"SrcK8S_Namespace": "", "SrcK8S_OwnerName": "", "SrcK8S_OwnerType": "", "SrcK8S_Type": ""}
UNKNOWN = {"destination_podname": "unknown", "destination_namespace": "unknown"}

# Of each profile: its series with the place and with another place outside, and both ends.
OUTSIDE = {
    "obi": (obi(**SIDES, dst_address="198.51.100.7"), "dst_address", (WEB_POD, WAREHOUSE)),
    "beyla": (obi(**SIDES, dst_cidr="198.51.100.0/25"), "dst_cidr", (WEB_POD, WAREHOUSE)),
    "retina": (
        {**metric_shapes.retina("EGRESS"), **UNKNOWN, "destination_ip": "198.51.100.7"},
        "destination_ip",
        (WEB_POD, WAREHOUSE),
    ),
    "coroot": (
        {**COROOT, "destination": "x:1", "actual_destination": "198.51.100.7:5432"},
        "actual_destination",
        (WEB_POD, WAREHOUSE),
    ),
    "netobserv": (
        metric_shapes.netobserv(**HIDDEN, SrcSubnetLabel="warehouse"),
        "SrcSubnetLabel",
        (WAREHOUSE, DB),
    ),
}
ELSEWHERE = {"dst_cidr": "203.0.113.0/24", "SrcSubnetLabel": "elsewhere"}
SENT, LOST = 4_000, 300


def shown(grown):
    """What each agent counts: with the place, and with one that nobody named."""
    found = [("netobserv_agent_sampling_rate", "gauge", {}, 1)]
    for name, (labels, label, _) in OUTSIDE.items():
        metric = builtin().profile(name).metrics[0]
        other = {**labels, label: ELSEWHERE.get(label, "203.0.113.9:5432".partition(":")[0])}
        found.append((metric, "counter", labels, 10 + grown * SENT))
        found.append((metric, "counter", other, 10 + grown * LOST))
    return found


@pytest.fixture(scope="module")
def stretch(prometheus):
    begin = prometheus.show(shown(0), [])
    return begin, prometheus.show(shown(1), [])


def measured(prometheus, name, stretch, places):
    profile = builtin().profile(name)
    names = Names(DIRECTORY, profile.nobody, Outsides(places))
    return read_traffic(prometheus.ask, profile, names, Stretch(*stretch, 600))


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_profile_tells_places_by_name_and_leaves_the_others(prometheus, stretch, name):
    found = measured(prometheus, name, stretch, PLACES)

    assert found.pairs == ((*OUTSIDE[name][2], SENT),)
    assert found.unattributed_amount == LOST


@pytest.mark.parametrize("name", OUTSIDE)
def test_without_places_they_are_nobody_and_no_more_series_are_asked_for(prometheus, stretch, name):
    queries = []

    def ask(query, at_seconds):
        queries.append(query)
        return prometheus.ask(query, at_seconds)

    profile = builtin().profile(name)
    found = read_traffic(ask, profile, Names(DIRECTORY, profile.nobody), Stretch(*stretch, 600))

    assert (found.pairs, found.unattributed_amount) == ((), SENT + LOST)
    assert not any(label in query for query in queries for label in profile.destination.outside)


def test_record_writes_them_and_other_commands_read_them_back(prometheus, stretch, tmp_path):
    topology, edges = tmp_path / "topology.yaml", tmp_path / "edges.csv"
    topology.write_text(TOPOLOGY)
    words = ("--prometheus", prometheus.url, "--profile", "obi", "--topology", topology)
    length = stretch[1] - stretch[0]
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stretch[1]))

    told = shorthaul(
        "record", *words, "--seconds", str(length), "--until", until, "--out", str(edges)
    )

    assert told.status == 0, told
    (row,) = csv.DictReader(edges.read_text().splitlines())
    assert (row["dst_namespace"], row["dst_kind"], row["dst_name"]) == ("", "Anchor", "warehouse")
    assert float(row["rate"]) == SENT / length
    assert f"unattributed: {LOST} bytes" in told.err
    assert "→ warehouse" in shorthaul("map", "--flows", edges, "--topology", topology).out


def test_a_topology_that_contradicts_itself_is_refused_before_anything_is_asked(tmp_path):
    topology = tmp_path / "topology.yaml"
    topology.write_text(TOPOLOGY + "  - {name: other, cidrs: [198.51.100.0/24], tier: zone}\n")
    words = "--prometheus", "http://localhost:9", "--profile", "obi", "--topology", topology

    assert "stands for anchor warehouse and for anchor other" in refused("record", *words)


def test_live_windows_have_them_as_edges_of_the_map_and_of_no_plan(prometheus):
    labels = {"k8s_src_name": "web-1", **SIDES, "dst_address": "198.51.100.7"}

    def series(value):
        return [("obi_network_flow_bytes_total", "counter", obi(**labels), value)]

    prometheus.show(series(10), [])
    end = prometheus.show(series(5_010), [])
    rules = WindowRules(window_seconds=5, kept_windows=40)
    book = LiveBook(two_pods().holders, lambda: 0.0, lambda _: None, lambda: PLACES)
    around = Surroundings(rules, lambda: SNAPSHOT, None, 0.0, book)
    question = Question(builtin().profile("obi"), None, 1.0)
    live = LiveWindows(Engine(Server(prometheus.url)), question, around)
    windows = asyncio.run(until_told(live, end))

    (ends,) = {ends for window in windows for ends in window.edges}
    assert ends[1] == WAREHOUSE
    assert sum(window.edges[ends].bytes for window in windows if ends in window.edges) == 5_000
    graph = byte_graph({"one": windows}, rules, directory_of(SNAPSHOT))
    assert graph.edges == ()
    assert {(edge.client.name, edge.server) for edge in graph.anchored} == {("web", WAREHOUSE)}


async def until_told(live, end):
    """The windows until one reaches beyond the end."""
    found, deadline = {}, time.monotonic() + PATIENCE_SECONDS
    while not any(start + 5 >= end + 5 for start in found):
        for volume in (await live.read()).volumes:
            found[volume.start_seconds] = volume
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)
    live.close()
    return [found[start] for start in sorted(found)]


def test_traffic_between_two_places_is_left_with_its_reason(prometheus, stretch):
    labels = obi(
        k8s_src_name="",
        k8s_src_namespace="",
        k8s_src_owner_name="",
        **SIDES,
        src_address="198.51.100.8",
        dst_address="198.51.100.7",
    )
    begin = prometheus.show([("obi_network_flow_bytes_total", "counter", labels, 0)], [])
    end = prometheus.show([("obi_network_flow_bytes_total", "counter", labels, 70)], [])

    found = measured(prometheus, "obi", (begin, end), PLACES)

    assert found.pairs == ()
    assert {each.reason: each.amount for each in found.unattributed}[
        "both ends are named places outside"
    ] == 70
