"""The shop has what makes placing pods hard, and asks for enough that capacity matters."""

from collections import Counter

from demoshop import clusters, talks

OBJECTS = clusters.shop_objects()
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def of_kind(*kinds: str) -> list[dict]:
    return [one for one in OBJECTS if one["kind"] in kinds]


def spec_of(workload: dict) -> dict:
    return workload["spec"]["template"]["spec"]


def test_thirty_nodes_stand_in_three_zones_and_six_racks():
    labels = [node["metadata"]["labels"] for node in clusters.shop_nodes()]

    assert len(labels) == 30
    assert len({one["topology.kubernetes.io/zone"] for one in labels}) == 3
    assert len({one["topology.shorthaul.dev/rack"] for one in labels}) == 6
    assert len({one["kubernetes.io/hostname"] for one in labels}) == 30


def test_the_nodes_have_address_ranges_of_their_own():
    ranges = Counter(node["spec"]["podCIDR"] for node in clusters.shop_nodes())

    assert max(ranges.values()) == 1


def test_between_55_and_70_percent_of_the_cpu_is_requested():
    nodes = len(list(clusters.shop_nodes()))
    offered = nodes * clusters.cpu(clusters.NODE_CPU)
    asked = sum(
        clusters.cpu(container["resources"]["requests"]["cpu"])
        * (nodes if one["kind"] == "DaemonSet" else one["spec"]["replicas"])
        for one in of_kind(*WORKLOADS)
        for container in spec_of(one)["containers"]
    )

    assert 0.55 <= asked / offered <= 0.70


def test_every_hard_thing_is_there():
    workloads = of_kind(*WORKLOADS)
    services = [one["spec"] for one in of_kind("Service")]
    rules = [set(one["spec"]) - {"selector"} for one in of_kind("PodDisruptionBudget")]
    annotations = [one["metadata"].get("annotations", {}) for one in workloads]

    assert {one["kind"] for one in workloads} == set(WORKLOADS)
    assert len(of_kind("Namespace")) >= 4
    assert any("podAntiAffinity" in spec_of(one).get("affinity", {}) for one in workloads)
    assert any("topologySpreadConstraints" in spec_of(one) for one in workloads)
    assert any(one.get("shorthaul.dev/do-not-move") == "true" for one in annotations)
    assert any(one["spec"].get("replicas") == 1 for one in workloads)
    assert {"PreferSameZone", "PreferSameNode", None} == {
        one.get("trafficDistribution") for one in services
    }
    assert any(one.get("clusterIP") == "None" for one in services)
    assert {"minAvailable"} in rules
    assert {"maxUnavailable"} in rules
    assert of_kind("Job")


def test_who_talks_and_who_is_talked_to_exists():
    table = talks.read()
    workloads = {(o["metadata"]["namespace"], o["metadata"]["name"]) for o in of_kind(*WORKLOADS)}
    services = {(o["metadata"]["namespace"], o["metadata"]["name"]) for o in of_kind("Service")}

    assert {talk.client for talk in (*table.talks, *table.dropped)} <= workloads
    assert {talk.server for talk in table.talks} <= services
