"""A Topology tells how the nodes fit it."""

from datetime import UTC, datetime

from shorthaul.api import topologystatuses
from shorthaul.api.objects import ObjectMeta
from shorthaul.api.topologies import NamedAnchor, Topology, TopologySpec
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import Tier
from worlds import builders

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TOPOLOGY = Topology(metadata=ObjectMeta(name="default", generation=4), spec=TopologySpec())


def fitting(*nodes):
    distances = measure({node.name: node.labels for node in nodes}, DEFAULT_SCALE)
    return topologystatuses.fitting(TOPOLOGY, distances, NOW)


def told(status):
    return {(each.type, each.status.value, each.reason) for each in status.conditions}


def test_it_counts_nodes_racks_zones_and_regions():
    status = fitting(*builders.nodes(8, zones=2, racks=2))

    assert (status.nodes, status.racks, status.zones, status.regions) == (8, 4, 2, 1)
    assert told(status) == {("Ready", "True", "NodesPlaced")}
    assert status.observed_generation == 4


def test_nodes_without_labels_are_told():
    status = fitting(builders.node("n1", "z1"), builders.node("n2"))

    assert told(status) == {("Ready", "True", "LabelsMissing")}
    assert "1 of 2 nodes" in status.conditions[0].message


def test_a_contradiction_stalls_it():
    status = topologystatuses.contradicted(TOPOLOGY, "nodes n1 and n2 share rack", NOW)

    assert {("Ready", "False"), ("Stalled", "True")} == {each[:2] for each in told(status)}


def test_anchors_that_contradict_each_other_are_told_beside_the_nodes():
    named = [NamedAnchor(name=name, cidrs=("10.0.0.0/8",), tier=Tier.ZONE) for name in "ab"]
    topology = Topology(metadata=TOPOLOGY.metadata, spec=TopologySpec(anchors=tuple(named)))
    found = builders.nodes(8, zones=2, racks=2)
    distances = measure({node.name: node.labels for node in found}, DEFAULT_SCALE)

    status = topologystatuses.fitting(topology, distances, NOW)

    assert (status.nodes, told(status)) == (8, {("Ready", "False", "ContradictoryAnchors")})
    assert "10.0.0.0/8: stands for anchor a and for anchor b" in status.conditions[0].message


def test_labels_that_are_missing_are_told_beside_anchors_that_contradict_each_other():
    named = [NamedAnchor(name=name, cidrs=("10.0.0.0/8",), tier=Tier.ZONE) for name in "ab"]
    topology = Topology(metadata=TOPOLOGY.metadata, spec=TopologySpec(anchors=tuple(named)))
    found = builders.node("n1", "z1"), builders.node("n2")
    distances = measure({node.name: node.labels for node in found}, DEFAULT_SCALE)

    status = topologystatuses.fitting(topology, distances, NOW)

    assert told(status) == {("Ready", "False", "ContradictoryAnchors")}
    assert "until then no address outside has a name; " in status.conditions[0].message
    assert "1 of 2 nodes" in status.conditions[0].message
