"""The tier is that of the moment: from where both ends were when the flow was seen."""

from dataclasses import replace

import pytest

from shorthaul.cluster.whereabouts import Whereabouts
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic import anchors
from shorthaul.traffic.entries import UNATTRIBUTED
from shorthaul.traffic.flows import NANOSECONDS, AnchorFlow, Flow
from shorthaul.units import NodeName, Tier
from worlds.builders import cluster, node, pod, reference, workload_reference

NOW = 1_760_000_000
SCALE = replace(DEFAULT_SCALE, anchors={"office": Tier.REGION})


@pytest.fixture
def where():
    nodes = [node("n1", "z1", "r1"), node("n2", "z1", "r1"), node("n3", "z1"), node("n4", "z2")]
    snapshot = cluster(
        *nodes,
        pod("web-1", "n1"),
        pod("db-0", "n2", kind="StatefulSet", created_seconds=NOW),
        pod("cart-1", "n3"),
    )
    labels = {name: each.labels for name, each in snapshot.nodes.items()}
    return Whereabouts(snapshot, measure(labels, SCALE))


def flow(client, server, observer, at=10, **more):
    given = {"reply": False, "events": 3, "observer": NodeName(observer)} | more
    time = (NOW + at) * NANOSECONDS
    return Flow(reference(client), reference(server), time_nanoseconds=time, **given)


@pytest.mark.parametrize(
    ("observer", "tier"),
    [("n1", Tier.HOST), ("n2", Tier.RACK), ("n3", Tier.ZONE), ("n4", Tier.REGION)],
)
def test_the_receiver_is_where_it_was_observed_not_where_the_cluster_has_it_now(
    where, observer, tier
):
    assert where.entry(flow("web-1", "cart-1", observer), b"").tier is tier


def test_the_source_of_an_answer_is_the_server(where):
    entry = where.entry(flow("web-1", "cart-1", "n1", reply=True), b"k")

    assert (entry.source, entry.destination) == tuple(
        workload_reference(name) for name in ("cart", "web")
    )
    assert (entry.tier, entry.events, entry.bytes, entry.key) == (Tier.ZONE, 3, 0, b"k")


def test_a_pod_was_not_on_its_node_before_it_was_created(where):
    assert where.entry(flow("db-0", "web-1", "n1", at=1), b"").tier is Tier.RACK
    assert where.entry(flow("db-0", "web-1", "n1", at=-1), b"").tier is None


def test_a_sender_that_is_gone_keeps_its_workload_and_has_no_tier(where):
    entry = where.entry(flow("web-6f7d9-x2b4k", "cart-1", "n3"), b"")

    assert (entry.source, entry.tier) == (workload_reference("web"), None)


def test_nobodys_pod_is_unattributed(where):
    entry = where.entry(flow("stranger", "cart-1", "n3"), b"")

    assert (entry.source, entry.destination.name) == (UNATTRIBUTED, "cart")


def test_a_node_that_is_gone_is_at_no_known_tier(where):
    assert where.entry(flow("web-1", "cart-1", "n9"), b"").tier is None


def test_without_an_observer_the_cluster_tells_where_the_receiver_was(where):
    assert where.entry(flow("web-1", "cart-1", ""), b"").tier is Tier.ZONE
    assert where.entry(flow("web-1", "db-0", "", at=-1), b"").tier is None


@pytest.mark.parametrize("outgoing", [True, False])
def test_a_place_outside_is_at_its_own_tier_from_every_node(where, outgoing):
    place = anchors.vertex("office")
    flow = AnchorFlow(reference("web-1"), place, outgoing, False, 3, NOW, NodeName("n1"))

    entry = where.entry(flow, b"k")

    ends = [workload_reference("web"), place]
    assert [entry.source, entry.destination] == (ends if outgoing else ends[::-1])
    assert (entry.tier, entry.events, entry.key) == (Tier.REGION, 3, b"k")
