"""The map shows each edge with the tiers seen, or those that its routing gives."""

import json
from xml.etree import ElementTree

import pytest

from shorthaul.cluster.routings import RoutedEdge, route
from shorthaul.report.graph_files import graphml
from shorthaul.report.map_objects import map_object
from shorthaul.report.map_texts import map_text
from shorthaul.report.maps import Ground, traffic_map
from shorthaul.report.screens import Screen
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic.graphs import Edge, PodEdge, TrafficGraph
from shorthaul.units import Routing, Tier, Unit
from worlds.builders import cluster, nodes, reference, replicas, workload_reference

WEB, DB = workload_reference("web"), workload_reference("db")
WORLD = cluster(nodes(4, zones=2), replicas("web", "n1", "n2"), replicas("db", "n1", "n3"))


def graph(*pod_edges, rate=8.0):
    edge = Edge(WEB, DB, rate * 0.75, rate * 0.25)
    return TrafficGraph(Unit.BYTES, 10.0, (edge,), pod_edges)


def ground(traffic):
    labels = {name: node.labels for name, node in WORLD.nodes.items()}
    return Ground(WORLD, measure(labels, DEFAULT_SCALE), route(traffic, WORLD))


def mapped(traffic):
    return traffic_map(traffic, ground(traffic))


def test_tiers_are_those_of_the_pods_that_were_seen_talking():
    seen = PodEdge(reference("web-0"), reference("db-0"), 6.0, 2.0)

    (item,) = mapped(graph(seen)).edges

    assert item.tiers[Tier.HOST] == 8.0
    assert sum(item.tiers.values()) == 8.0


def test_without_pods_seen_talking_the_tiers_are_those_of_the_routing():
    (item,) = mapped(graph()).edges

    assert item.tiers == {
        Tier.HOST: 2.0,
        Tier.RACK: 2.0,
        Tier.ZONE: 0.0,
        Tier.REGION: 4.0,
        Tier.BEYOND: 0.0,
    }


def test_routed_edges_of_single_pods_count_for_their_workloads():
    traffic = graph()
    pinned = (
        RoutedEdge(WEB, reference("db-0"), 4.0, Routing.UNIFORM),
        RoutedEdge(WEB, reference("db-1"), 4.0, Routing.UNIFORM),
    )
    base = ground(traffic)

    (item,) = traffic_map(traffic, Ground(base.snapshot, base.distances, pinned)).edges

    assert sum(item.tiers.values()) == pytest.approx(8.0)


def test_without_a_cluster_there_are_no_tiers():
    found = traffic_map(graph(), None)

    assert found.shares is None
    assert "host" not in map_text(found, (), Screen())


def test_the_object_holds_every_edge_and_survives_json():
    found = json.loads(json.dumps(map_object(mapped(graph()), ["note"])))

    assert found["edges"][0]["client"] == {
        "namespace": "shop",
        "kind": "Deployment",
        "name": "web",
    }
    assert found["edges"][0]["forward"] == 6.0
    assert sum(found["shares"].values()) == pytest.approx(1)
    assert found["notes"] == ["note"]


def test_graphml_is_xml_with_the_rates_even_for_names_that_are_not():
    odd = workload_reference("w\x00<b>&")
    traffic = TrafficGraph(Unit.BYTES, 1.0, (Edge(odd, DB, 3.0, 0.0),))

    root = ElementTree.fromstring(graphml(traffic_map(traffic, None), ["\x00"]))

    assert "3.0" in [element.text for element in root.iter()]


def test_a_narrow_screen_gets_two_lines_an_edge():
    wide = map_text(mapped(graph()), (), Screen(120))
    narrow = map_text(mapped(graph()), (), Screen(60))

    assert any("shop/web" in line and "6.00 B/s" in line for line in wide.splitlines())
    assert not any("shop/web" in line and "6.00 B/s" in line for line in narrow.splitlines())
    assert "6.00 B/s" in narrow
