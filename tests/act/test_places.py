"""Places outside that the Topology names, from a collector's window to the map's metrics."""

import time

import pytest

from act import test_feeds as export_feeds
from act.test_collected_feeds import RULES, observed, source
from shorthaul.act.feeds import Feed
from shorthaul.act.worlds import places_of, scale_of
from shorthaul.api.objects import ObjectMeta
from shorthaul.api.topologies import NamedAnchor, Topology, TopologySpec
from shorthaul.cluster.directories import directory_of
from shorthaul.map_metrics import MapMetrics, MapRules
from shorthaul.telemetry.live_books import LiveBook
from shorthaul.topology.distances import measure
from shorthaul.traffic import anchors
from shorthaul.traffic.byte_graphs import byte_graph
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.units import PodRef, Tier, WorkloadRef
from telemetry import export_lines
from telemetry.collected import spools_made
from telemetry.collected.surroundings import owner
from telemetry.collected.test_readers import NODES, A, B, recent, two_pods
from traffic.averaged import graph_of

ANCHOR = NamedAnchor(name="resolver", cidrs=("8.8.8.0/24",), tier=Tier.REGION)
RESOLVER = anchors.vertex("resolver")


def topology(*named):
    return Topology(metadata=ObjectMeta(name="default"), spec=TopologySpec(anchors=named))


@pytest.fixture
def world():
    return two_pods()


@pytest.fixture
def feed(world):
    wanted = topology(ANCHOR)
    book = LiveBook(
        world.holders,
        lambda: 0.0,
        lambda snapshot: lambda one, other: Tier.ZONE,
        lambda: places_of(wanted),
    )
    found = Feed(RULES, time.time(), lambda: world.snapshot, book=book)
    yield found
    found.close()


async def test_bytes_with_a_place_are_edges_of_the_map_and_of_no_plan(feed, world, tmp_path):
    start = recent()
    for number in range(3):
        moment = (start + number) * 1_000
        records = [
            spools_made.record(A, B, 100, moment),
            spools_made.record(A, "8.8.8.8", 70, moment),
            spools_made.record(A, "9.9.9.9", 7, moment),
        ]
        spools_made.write(tmp_path / "a", start + number, records, NODES[0][1])
    with spools_made.served(tmp_path / "a") as server:
        await observed(feed, source(server.port), lambda status: status.health.flows >= 9)

    windows = [each for each in feed.volumes.windows(start + 3)["netflow"] if each.edges]
    assert {sent.bytes for each in windows for sent in [each.edges[owner(A), RESOLVER]]} == {70}
    assert {left.bytes for each in windows for left in each.leftovers} == {7}

    graph = byte_graph({"netflow": windows}, RULES, directory_of(world.snapshot))
    assert [(edge.client, edge.server) for edge in graph.edges] == [(owner(A), owner(B))]
    (anchored,) = graph.anchored
    assert (anchored.client, anchored.server) == (owner(A), RESOLVER)
    assert anchored.rate == pytest.approx(70)
    assert metrics_of(graph, world) == {("resolver", "Anchor", "region", anchored.rate)}


def metrics_of(graph, world):
    """The series of the map's edges with places."""
    labels = {name: node.labels for name, node in world.snapshot.nodes.items()}
    maps = MapMetrics(MapRules(10, 1e12), time.time)
    maps.show([graph], world.snapshot, measure(labels, scale_of(topology(ANCHOR))))
    (rates,) = [each for each in maps.collect() if each.name == "shorthaul_map_edge_rate"]
    return {
        (told["server_workload"], told["server_kind"], told["tier"], sample.value)
        for sample in rates.samples
        for told in [sample.labels]
        if told["server_kind"] == "Anchor"
    }


def test_anchors_that_contradict_each_other_name_nothing():
    other = NamedAnchor(name="other", cidrs=ANCHOR.cidrs, tier=Tier.ZONE)

    assert places_of(topology(ANCHOR, other)) == ()
    assert places_of(None) == ()
    assert [each.cidr for each in places_of(topology(ANCHOR))] == ["8.8.8.0/24"]


def test_the_same_anchors_are_read_once_however_often_one_asks():
    again = NamedAnchor(name=ANCHOR.name, cidrs=ANCHOR.cidrs, tier=ANCHOR.tier)

    first = places_of(topology(ANCHOR))

    assert places_of(topology(again)) is first
    assert places_of(topology(NamedAnchor(name="other", cidrs=ANCHOR.cidrs, tier=Tier.ZONE))) != (
        first
    )


async def test_live_events_with_a_place_are_edges_of_the_map_and_of_no_plan(tmp_path):
    log, wanted = tmp_path / "events.log", topology(ANCHOR)
    from_place = {"IP": {"source": "8.8.8.8", "destination": "10.0.0.1"}}
    with log.open("ab") as file:
        for at in range(60):
            between = export_lines.line("shop/web-1", "shop/cart-1", at)
            outside = export_lines.line("shop/web-1", "world", at, reply=True, **from_place)
            file.write(export_lines.joined([between, outside]))
    book = LiveBook(two_pods().holders, lambda: 0.0, lambda _: None, lambda: places_of(wanted))
    feed = Feed(export_feeds.RULES, export_lines.START_SECONDS + 60, lambda: None, book=book)

    await feed.observe([export_feeds.source(log)], export_lines.START_SECONDS + 60, {"n1"})
    windows = list(feed.recorder.windows)
    feed.close()

    assert {sum(e.backward for e in each.anchored.values()) for each in windows} == {10}
    directory = Directory(
        pods={
            PodRef("shop", name): PodIdentity(WorkloadRef("shop", "Job", name), "n1")
            for name in ("web-1", "cart-1")
        }
    )
    graph = graph_of(windows, export_feeds.RULES, directory)
    (anchored,) = graph.anchored
    assert (anchored.client.name, anchored.server) == ("web-1", RESOLVER)
    assert anchored.backward == pytest.approx(1.0)
    assert [edge.server.name for edge in graph.edges] == ["cart-1"]
