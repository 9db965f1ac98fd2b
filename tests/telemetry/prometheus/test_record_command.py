"""`shorthaul record` on a real Prometheus: what it writes is what `plan` and `map` read."""

import csv
import json
from datetime import UTC, datetime

import pytest

from cli.commands import CLUSTER, refused, shorthaul
from telemetry.prometheus.metric_shapes import istio, series

pytestmark = pytest.mark.prometheus
PROFILE = """
name: ours
metrics: [our_bytes_total]
unit: bytes
one_side: there is only one
source: {namespace: from, name: name, kind: kind}
destination: {namespace: to, pod: pod}
"""
OURS = {"from": "shop", "name": "web", "kind": "Deployment", "to": "shop", "pod": "db-0"}


def shop(source, destination):
    names = {
        "source_workload": source,
        "source_workload_namespace": "shop",
        "destination_workload": destination,
        "destination_workload_namespace": "shop",
    }
    return {**istio("source"), **names}


def shown(value):
    return [
        series("istio_tcp_sent_bytes_total", shop("web", "catalog"), counted=value),
        series("istio_tcp_sent_bytes_total", shop("unknown", "catalog"), counted=value),
        series("istio_requests_total", shop("web", "catalog"), counted=value / 100),
        series("our_bytes_total", OURS, counted=value),
    ]


@pytest.fixture(scope="module")
def stretch(prometheus):
    """The options for the time between which 60,000 bytes went by."""
    begin = prometheus.show(shown(1_000), [])
    end = prometheus.show(shown(61_000), [])
    until = datetime.fromtimestamp(end, UTC).isoformat().replace("+00:00", "Z")
    return end - begin, ("--seconds", end - begin, "--until", until)


def record(prometheus, stretch, profile, *words):
    options = ("--prometheus", prometheus.url, "--profile", profile, *stretch[1], *words)
    outcome = shorthaul("record", *options)
    assert outcome.status == 0, outcome
    return outcome


def test_an_edge_list_of_bytes_is_what_plan_and_map_read(prometheus, stretch, tmp_path):
    edges = tmp_path / "edges.csv"

    outcome = record(prometheus, stretch, "istio", "--cluster", CLUSTER, "--out", edges)

    (row,) = csv.DictReader(edges.read_text().splitlines())
    assert (row["src_kind"], row["src_name"]) == ("Deployment", "web")
    assert (row["dst_kind"], row["dst_name"]) == ("Deployment", "catalog")
    assert (float(row["rate"]), row["unit"]) == (60_000 / stretch[0], "bytes/s")
    assert "unattributed: 60,000 bytes (50.0%): source: no workload in" in outcome.err
    shown_map = shorthaul("map", "--cluster", CLUSTER, "--flows", edges, "-o", "json")
    assert json.loads(shown_map.out)["unit"] == "bytes/s"
    assert shorthaul("plan", "--cluster", CLUSTER, "--flows", edges).status == 0


def test_json_lines_hold_the_same(prometheus, stretch):
    outcome = record(prometheus, stretch, "istio", "--cluster", CLUSTER, "-o", "json")

    assert json.loads(outcome.out)["rate"] == 60_000 / stretch[0]


def test_requests_are_flows_only_where_the_user_says_so(prometheus, stretch):
    known = "--cluster", CLUSTER
    line = refused("record", "--prometheus", prometheus.url, "--profile", "istio-requests", *known)
    outcome = record(prometheus, stretch, "istio-requests", "--as-flows", *known)

    assert "--as-flows" in line
    assert outcome.out.splitlines()[1].endswith(f"{600 / stretch[0]},flows/s")


def test_a_profile_of_ones_own_is_a_file(prometheus, stretch, tmp_path):
    profile = tmp_path / "ours.yaml"
    profile.write_text(PROFILE)

    outcome = record(prometheus, stretch, profile)

    assert outcome.out.splitlines()[1].startswith("shop,Deployment,web,shop,Pod,db-0,")


def test_only_series_with_a_label(prometheus, stretch, tmp_path):
    profile = tmp_path / "ours.yaml"
    profile.write_text(PROFILE)

    assert len(record(prometheus, stretch, profile, "--where", "job=shown").out.splitlines()) == 2
    asked = ("--prometheus", prometheus.url, "--profile", profile, "--where", "job=other")
    assert "no series of our_bytes_total" in refused("record", *asked)


def test_without_a_cluster_a_kind_that_no_label_tells_is_unattributed(prometheus, stretch):
    outcome = record(prometheus, stretch, "istio")

    assert len(outcome.out.splitlines()) == 1
    assert "source: no label tells the workload's kind; give --cluster" in outcome.err
