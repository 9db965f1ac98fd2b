"""The map shows each edge with the tiers seen, or those that its routing gives."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from shorthaul.cluster.routings import RoutedEdge, route, service_routings
from shorthaul.report.graph_files import graphml
from shorthaul.report.map_objects import map_object
from shorthaul.report.map_texts import map_text
from shorthaul.report.maps import Ground, traffic_map
from shorthaul.report.screens import Screen
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic.end_sums import EndSums
from shorthaul.traffic.graphs import Edge, PodEdge, SourceState, TrafficGraph
from shorthaul.traffic.rate_errors import RateError
from shorthaul.units import Routing, Tier, Unit
from worlds.builders import cluster, nodes, reference, replicas, workload_reference

WEB, DB = workload_reference("web"), workload_reference("db")
WORLD = cluster(nodes(4, zones=2), replicas("web", "n1", "n2"), replicas("db", "n1", "n3"))


def graph(*pod_edges, rate=8.0):
    edge = Edge(WEB, DB, rate * 0.75, rate * 0.25)
    return TrafficGraph(Unit.BYTES, 10.0, (edge,), pod_edges)


def ground(traffic):
    labels = {name: node.labels for name, node in WORLD.nodes.items()}
    return Ground(
        WORLD,
        measure(labels, DEFAULT_SCALE),
        route(traffic, WORLD),
        service_routings(WORLD, traffic),
    )


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

    (item,) = traffic_map(traffic, replace(base, routed=pinned)).edges

    assert sum(item.tiers.values()) == pytest.approx(8.0)


def test_without_a_cluster_there_are_no_tiers():
    found = traffic_map(graph(), None)

    assert found.shares is None
    assert "host" not in map_text(found, (), Screen())
    assert "Share of traffic" not in map_text(found, (), Screen())
    assert map_object(found, ())["edges"][0]["tiersBy"] is None


TITLE = "Share of traffic by the smallest tier that both ends share"
SEEN = PodEdge(reference("web-0"), reference("db-0"), 6.0, 2.0)


def half_seen():
    """A graph with an edge whose pods were seen talking, and one that an edge list told of."""
    return replace(graph(SEEN), edges=(*graph().edges, Edge(DB, WEB, 1.0, 0.0)))


@pytest.mark.parametrize(
    ("traffic", "title", "ways"),
    [
        (graph(SEEN), f"{TITLE}, as observed", ["observed"]),
        (graph(), f"{TITLE}, as routed", ["routed"]),
        (half_seen(), f"{TITLE}, as observed or routed", ["observed", "routed"]),
    ],
    ids=["seen", "unseen", "half"],
)
def test_the_title_and_each_edge_say_how_tiers_are_known(traffic, title, ways):
    found = mapped(traffic)

    assert map_text(found, (), Screen()).splitlines()[0] == title
    assert [edge["tiersBy"] for edge in map_object(found, ())["edges"]] == ways
    assert all(f'">{way}</data>' in graphml(found, ()) for way in ways)


def test_edges_say_in_the_text_how_tiers_are_known_only_where_they_differ():
    def ends(traffic):
        lines = map_text(mapped(traffic), (), Screen()).splitlines()
        return [line.split()[-1] for line in lines if "→" in line]

    assert ends(half_seen()) == ["as", "observed", "routed"]
    assert ends(graph(SEEN))[0] == "beyond"


def test_the_map_tells_how_each_server_is_routed_to_and_why():
    told = mapped(graph())
    lines = map_text(told, (), Screen()).splitlines()

    at = lines.index("How each server is routed to")
    assert lines[at + 1] == "  shop/db: uniform (no Service selects it)"
    assert map_object(told, ())["routings"] == [
        {
            "namespace": "shop",
            "kind": "Deployment",
            "name": "db",
            "routing": "uniform",
            "singlePods": False,
            "reason": "no Service selects it",
        }
    ]


def test_without_a_cluster_nobody_knows_of_routings():
    found = traffic_map(graph(), None)

    assert map_object(found, ())["routings"] is None
    assert "routed to" not in map_text(found, (), Screen())


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


def test_a_map_with_errors_shows_them_as_shares_of_rates():
    bare = graph()
    sure = replace(bare, edges=(replace(bare.edges[0], error=RateError(0.4)),))
    head, row = map_text(mapped(sure), (), Screen(140)).split("\n\n")[1].splitlines()[:2]

    assert ("±" in head, "9.8 %" in row) == (True, True)
    assert "±" not in map_text(mapped(bare), (), Screen(140))


def seen_twice():
    """A graph whose edge was told of by two sources, and differently at its ends."""
    bare = graph()
    edge = replace(
        bare.edges[0],
        sources=("agents", "m\x00esh"),
        sources_agree=True,
        ends=EndSums(8.0, 6.0),
        seen_seconds=990,
        error=RateError(1.5),
    )
    states = {"agents": SourceState(0.5, 0.25, 1_000.0), "mesh": SourceState()}
    return replace(bare, edges=(edge,), end_seconds=1_000.0, sources=states)


def test_the_object_tells_who_told_of_an_edge_when_and_whether_they_agree():
    found = json.loads(json.dumps(map_object(mapped(seen_twice()), ())))

    edge = found["edges"][0]
    assert (edge["sources"], edge["sourcesAgree"]) == (["agents", "m\x00esh"], True)
    assert (edge["toldAtEnds"], edge["endsAgree"]) == ({"client": 8.0, "server": 6.0}, False)
    assert (edge["seenSeconds"], found["endSeconds"]) == (990, 1_000.0)
    assert (edge["standardError"], edge["margin"]) == (1.5, pytest.approx(1.96 * 1.5))
    assert found["sources"] == {
        "agents": {"coverageShare": 0.5, "lostShare": 0.25, "newestSeconds": 1_000.0},
        "mesh": {"coverageShare": None, "lostShare": None, "newestSeconds": None},
    }


def test_what_nobody_told_of_an_edge_is_null():
    edge = map_object(mapped(graph()), ())["edges"][0]

    unknown = ("sourcesAgree", "toldAtEnds", "endsAgree", "seenSeconds", "margin")
    assert [edge[key] for key in unknown] == [None] * 5
    assert edge["sources"] == []


def test_graphml_has_what_is_known_of_an_edge_and_no_more():
    def attributes(traffic):
        root = ElementTree.fromstring(graphml(mapped(traffic), ()))
        names = {each.get("id"): each.get("attr.name") for each in root if each.get("attr.name")}
        (edge,) = [each for each in root.iter() if each.tag.endswith("}edge")]
        return {names[each.get("key")]: each.text for each in edge}

    told = attributes(seen_twice()).items() - attributes(graph()).items()

    assert dict(told) == {
        "sources": r"agents, m\x00esh",
        "sources_agree": "True",
        "ends_agree": "False",
        "told_at_client": "8.0",
        "told_at_server": "6.0",
        "seen_seconds": "990",
        "standard_error": "1.5",
        "margin": "2.94",
    }
