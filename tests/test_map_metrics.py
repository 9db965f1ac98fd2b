"""The map as metrics and as files: what is not in the newest map is gone, names only if wanted."""

import contextlib
import itertools
import json
import math
import socket
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from shorthaul import map_metrics, web
from shorthaul.errors import BadInput
from shorthaul.map_metrics import MapMetrics, MapRules
from shorthaul.telemetry import bounded_servers
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic.end_sums import EndSums
from shorthaul.traffic.graphs import Edge, Leftover, TrafficGraph
from shorthaul.units import TIERS, Tier, Unit
from testbed import ports
from worlds.builders import cluster, nodes, replicas, workload_reference

NOW = 1_700_000_000.0
WORLD = cluster(nodes(2), replicas("web", "n1"), replicas("db", "n2"), replicas("job", "n2"))
DISTANCES = measure({name: node.labels for name, node in WORLD.nodes.items()}, DEFAULT_SCALE)
PAIRS = [
    (workload_reference(one), workload_reference(two))
    for one, two in itertools.permutations(("web", "db", "job"), 2)
]


class Shown:
    """Metrics at a moment that the test sets."""

    def __init__(self, most_edges=10, keep_seconds=600.0):
        self.now = NOW
        self.maps = MapMetrics(MapRules(most_edges, keep_seconds), lambda: self.now)

    def show(self, *graphs):
        self.maps.show(graphs, WORLD, DISTANCES)

    def series(self, name):
        """Labels and value of each series of one metric, as a scrape sees them."""
        registry = CollectorRegistry()
        registry.register(self.maps)
        text = generate_latest(registry).decode()
        return [
            (sample.labels, sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == f"shorthaul_{name}"
        ]

    def value(self, name):
        [(_, value)] = self.series(name)
        return value


def graph(*rates, unit=Unit.FLOWS, first=0, **more):
    edges = [Edge(*ends, rate, 0.0) for ends, rate in zip(PAIRS[first:], rates, strict=False)]
    return TrafficGraph(unit, 60.0, tuple(edges), end_seconds=NOW - 30, **more)


def test_a_scrape_tells_each_edge_by_its_ends_and_tier():
    shown = Shown()
    shown.show(graph(8.0, lost_events=3, leftovers=(Leftover("gone", 5, "x"),)))

    [(labels, rate)] = shown.series("map_edge_rate")

    assert labels == {
        "unit": "flows/s",
        "tier": "rack",
        "client_namespace": "shop",
        "client_kind": "Deployment",
        "client_workload": "web",
        "server_namespace": "shop",
        "server_kind": "Deployment",
        "server_workload": "db",
    }
    assert rate == shown.value("map_rate") == 8.0
    assert shown.value("map_mean_distance") == DEFAULT_SCALE.distances[Tier.RACK]
    assert shown.value("map_age_seconds") == 30.0
    assert shown.value("map_lost_events") == 3
    assert shown.series("map_leftover_records") == [({"unit": "flows/s", "reason": "gone"}, 5)]
    assert math.isclose(sum(share for _, share in shown.series("traffic_share_ratio")), 1.0)


def test_the_series_of_what_is_not_in_the_newest_map_vanish():
    shown = Shown()
    shown.show(graph(8.0, 4.0))
    before = {labels["server_workload"] for labels, _ in shown.series("map_edge_rate")}
    shown.show(graph(4.0, first=1))
    after = {labels["server_workload"] for labels, _ in shown.series("map_edge_rate")}

    assert (before, after) == ({"db", "job"}, {"job"})


def test_a_map_that_no_newer_one_follows_is_shown_with_its_age_and_then_no_more():
    shown = Shown(keep_seconds=600.0)
    shown.show(graph(8.0))
    shown.now = NOW + 570
    assert shown.value("map_age_seconds") == 600.0
    shown.now = NOW + 571

    assert shown.series("map_age_seconds") == shown.series("map_edge_rate") == []
    with pytest.raises(BadInput, match="no traffic map yet"):
        shown.maps.file("json")


def test_no_source_no_series():
    shown = Shown()
    shown.show(graph(8.0))
    shown.maps.clear()

    assert shown.series("map_rate") == []


def test_beyond_its_bound_edges_are_added_up_without_names():
    shown = Shown(most_edges=1)
    shown.show(graph(8.0, 4.0, 2.0))

    series = shown.series("map_edge_rate")
    rest = {rate for labels, rate in series if labels["client_workload"] == "(other)"}

    assert len(series) <= 2 * (len(TIERS) + 1)
    assert sum(rate for _, rate in series) == 14.0
    assert sum(rest) == 6.0
    states = {labels["state"]: number for labels, number in shown.series("map_edges")}
    assert states == {"known": 3, "shown": 1}


def test_edges_are_counted_by_whether_those_who_told_of_them_agree():
    shown = Shown(most_edges=1)
    one, two, three = graph(8.0, 4.0, 2.0).edges
    told = (
        replace(one, ends=EndSums(5.0, 5.0), sources_agree=False),
        replace(two, ends=EndSums(5.0, 4.0)),
        replace(three, ends=EndSums(5.0, 1.0)),
    )
    shown.show(replace(graph(unit=Unit.BYTES), edges=told))

    found = {
        (labels["between"], labels["state"]): number
        for labels, number in shown.series("map_agreeing_edges")
    }

    assert found == {
        ("ends", "agree"): 1,
        ("ends", "differ"): 2,
        ("ends", "alone"): 0,
        ("sources", "agree"): 0,
        ("sources", "differ"): 1,
        ("sources", "alone"): 2,
    }


def test_without_names_there_are_totals_and_no_files():
    shown = Shown(most_edges=0)
    shown.show(graph(8.0, 4.0))

    assert {labels["client_workload"] for labels, _ in shown.series("map_edge_rate")} == {"(other)"}
    assert shown.value("map_rate") == 12.0
    with pytest.raises(BadInput, match="--map-edges is 0"):
        shown.maps.file("json")


def test_units_are_beside_each_other_and_a_file_has_one():
    shown = Shown()
    shown.show(graph(8.0), graph(1000.0, unit=Unit.BYTES))

    totals = {labels["unit"]: rate for labels, rate in shown.series("map_rate")}

    assert totals == {"flows/s": 8.0, "bytes/s": 1000.0}
    assert json.loads(shown.maps.file("json", "bytes/s"))["rate"] == 1000.0
    with pytest.raises(BadInput, match=r"ask for one, as \?unit=bytes/s"):
        shown.maps.file("json")
    with pytest.raises(BadInput, match="there is no map in 'meters'"):
        shown.maps.file("json", "meters")


def test_a_name_that_no_text_can_hold_does_not_end_the_scrape():
    shown = Shown()
    odd = workload_reference("w\ud800\n")
    shown.show(TrafficGraph(Unit.FLOWS, 60.0, (Edge(odd, odd, 1.0, 0.0),), end_seconds=NOW))

    [(labels, _)] = shown.series("map_edge_rate")

    assert labels["client_workload"] == r"w\ud800\n"
    assert json.loads(shown.maps.file("json"))["rate"] == 1.0


def test_every_metric_of_the_map_is_in_the_manual():
    shown = Shown()
    manual = (Path(__file__).parents[1] / "docs" / "operating.md").read_text()

    assert [each.name for each in shown.maps.collect() if f"`{each.name}`" not in manual] == []


@pytest.fixture(scope="module")
def served():
    shown = Shown()
    [port] = ports.pick(1)
    web.serve(port, "127.0.0.1", shown.maps)
    shown.port = port

    def ask(path, method="GET"):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    return shown, ask


def test_silent_connections_hold_few_threads_and_are_let_go(served, monkeypatch, capfd):
    shown, ask = served
    monkeypatch.setattr(bounded_servers._Quiet, "timeout", 1.0)
    where = "127.0.0.1", shown.port
    silent = [socket.create_connection(where) for _ in range(3 * bounded_servers.MOST_CONNECTIONS)]
    answer, serving = None, 0
    end = time.monotonic() + 60.0
    while answer is None and time.monotonic() < end:
        with contextlib.suppress(OSError):
            answer = ask("/metrics")
        serving = max(
            serving, sum("process_request" in each.name for each in threading.enumerate())
        )
    for each in silent:
        each.close()

    assert serving <= bounded_servers.MOST_CONNECTIONS
    assert answer is not None
    assert "Traceback" not in capfd.readouterr().err


def test_metrics_and_files_are_served_on_one_port(served):
    shown, ask = served
    assert ask("/map.json")[0] == 404
    shown.show(graph(8.0))

    assert "shorthaul_map_rate{" in ask("/metrics")[1]
    assert "shorthaul_moves_total" in ask("/metrics")[1]
    assert json.loads(ask("/map.json?unit=flows/s")[1])["edges"][0]["rate"] == 8.0
    root = ElementTree.fromstring(ask("/map.graphml")[1])
    assert "8.0" in [element.text for element in root.iter()]


def test_nothing_can_be_written(served):
    _, ask = served

    assert {ask(path, "POST")[0] for path in ("/metrics", "/map.json", "/map.graphml")} == {405}


def test_a_file_has_at_most_so_many_edges_and_says_so(monkeypatch):
    monkeypatch.setattr(map_metrics, "FILE_EDGES", 1)
    shown = Shown()
    shown.show(graph(8.0, 4.0))

    found = json.loads(shown.maps.file("json"))

    assert len(found["edges"]) == 1
    assert "1 of 2 edges are left out" in found["notes"][0]
