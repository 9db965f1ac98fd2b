"""Real recordings: the figures measured by others on them, and no undeserved warning."""

from collections import Counter

import pytest

from shorthaul.cluster.directories import directory_of
from shorthaul.cluster.routings import route
from shorthaul.errors import BadInput
from shorthaul.kube.dumps import read_dump
from shorthaul.telemetry.flow_files import read_flows, read_flows_and_events
from shorthaul.traffic.attribution import build_graph
from shorthaul.traffic.joins import join
from shorthaul.units import Routing, Unit

pytestmark = pytest.mark.recordings


@pytest.fixture(scope="module")
def cilium(recordings):
    folder = recordings / "cilium-1.20"
    if not folder.is_dir():
        pytest.skip("no recording of Cilium 1.20 on this machine")
    return folder


@pytest.fixture(scope="module")
def hubble(cilium):
    return read_flows([str(cilium / "hubble")])


@pytest.fixture(scope="module")
def snapshot(cilium):
    return read_dump([str(cilium / "cluster.json.gz")])


def shares(graph):
    """Shares of the whole by pair of workload names, both directions."""
    rates = Counter()
    for edge in graph.edges:
        rates["–".join(sorted((edge.client.name, edge.server.name)))] += edge.rate
    return {pair: rate / graph.rate for pair, rate in rates.items()}


def test_every_line_of_the_cilium_recording_is_in_one_count(hubble):
    assert hubble.lines == 20326
    assert hubble.counted_lines == 3898
    assert hubble.ignored == {
        "agent event": 380,
        "forwarded, seen TO_STACK": 8306,
        "traffic with the pod's own host": 7634,
        "verdict DROPPED": 108,
    }
    assert hubble.leftovers == ()
    assert hubble.warnings == ()


@pytest.mark.parametrize("with_cluster", [True, False])
def test_shares_of_events_are_those_measured_on_the_cilium_recording(
    hubble, snapshot, with_cluster
):
    graph = build_graph(hubble, directory_of(snapshot) if with_cluster else None)

    measured = {
        "catalog–db": 0.088,
        "batch–warehouse": 0.058,
        "ads–web": 0.118,
        "metrics–web": 0.029,
    }
    found = shares(graph)
    assert {pair: round(found[pair], 3) for pair in measured} == measured
    assert (graph.warnings, graph.leftovers) == ((), ())
    assert all(edge.both_ended for edge in graph.edges)
    assert graph.unit is Unit.FLOWS


def test_a_pod_evicted_in_the_recording_keeps_its_workload(hubble, snapshot):
    graph = build_graph(hubble, directory_of(snapshot))

    gone = {pair.client for pair in hubble.pairs} | {pair.server for pair in hubble.pairs}
    assert gone - set(snapshot.pods)
    assert graph.leftovers == ()
    assert sum(edge.rate for edge in graph.pod_edges) < graph.rate


def test_bytes_of_the_same_cluster_are_read_from_the_edge_list(cilium, snapshot):
    observations = read_flows([str(cilium / "bytes.csv")])

    graph = build_graph(observations, directory_of(snapshot))

    assert graph.unit is Unit.BYTES
    assert graph.warnings == graph.leftovers == ()
    assert shares(graph)["catalog–db"] == pytest.approx(0.24, abs=0.01)
    assert shares(graph)["metrics–web"] == pytest.approx(0.001, abs=0.0005)


def test_services_of_the_cilium_recording_spread_uniformly(hubble, snapshot):
    graph = build_graph(hubble, directory_of(snapshot))

    routed = route(graph, snapshot)

    assert {edge.routing for edge in routed} == {Routing.UNIFORM}
    assert sum(edge.rate for edge in routed) == pytest.approx(graph.rate)


def test_flows_of_another_cluster_are_refused(recordings, snapshot):
    flows = read_flows([str(recordings / "hubble-otel" / "basic-sample-400-tcp-flows.json")])

    with pytest.raises(BadInput, match=r"none of 72 flows .*same cluster"):
        build_graph(flows, directory_of(snapshot))


@pytest.mark.parametrize(
    ("name", "counted", "warnings"),
    [
        ("basic-sample-10-flows.json", 2, 0),
        ("basic-sample-400-tcp-flows.json", 72, 0),
        ("basic-sample-400-udp-flows.json", 74, 0),
        ("basic-sample-348-http-flows.json", 0, 1),
    ],
)
def test_recordings_of_2021_are_read_without_undeserved_warnings(
    recordings, name, counted, warnings
):
    observations = read_flows([str(recordings / "hubble-otel" / name)])

    graph = build_graph(observations)

    assert observations.counted_lines == counted
    assert len(graph.warnings) == warnings
    assert not any(leftover.reason.startswith("line") for leftover in graph.leftovers)


def test_old_recordings_without_workloads_still_name_deployments(recordings):
    path = recordings / "hubble-otel" / "basic-sample-400-tcp-flows.json"

    graph = build_graph(read_flows([str(path)]))

    kinds = {(end.kind, end.name) for edge in graph.edges for end in (edge.client, edge.server)}
    assert ("Deployment", "productpage-v1") in kinds
    assert ("Pod", "otelcol-hubble-collector-2t8z4") in kinds


def test_bytes_joined_with_verdicts_have_the_shares_measured_on_the_cilium_recording(
    cilium, snapshot
):
    """data/README.md: catalog–db 0.237 of bytes, batch–warehouse 0.177, ads–web 0.030."""
    weights, events = read_flows_and_events(
        [str(cilium / "hubble"), str(cilium / "bytes.csv")], unit=Unit.BYTES
    )
    directory = directory_of(snapshot)

    joined = join(weights, events, directory)

    graph = build_graph(joined, directory)
    found = shares(graph)
    assert joined.leftovers == ()
    assert found["catalog–db"] == pytest.approx(0.237, abs=0.006)
    assert found["batch–warehouse"] == pytest.approx(0.177, abs=0.006)
    assert found["ads–web"] == pytest.approx(0.030, abs=0.006)
    assert found["metrics–web"] == pytest.approx(0.001, abs=0.001)
    assert all(edge.forward > edge.backward > 0 for edge in graph.edges)
