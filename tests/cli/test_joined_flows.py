"""Hubble files and an edge list of bytes together: the map that neither gives alone."""

import json

import pytest

from cli.commands import CLUSTER, EDGES, HUBBLE, shorthaul
from telemetry import export_lines

HEADER = "src_namespace,src_kind,src_name,dst_namespace,dst_kind,dst_name,rate,unit\n"


@pytest.fixture
def files(tmp_path):
    """Hubble saw web ask cart; bytes are told of both ways, and of web and db."""
    hubble, weights = tmp_path / "hubble.log", tmp_path / "bytes.csv"
    hubble.write_bytes(
        export_lines.joined(export_lines.both("shop/web", "shop/cart", 1, ("n1", "n2")))
    )
    weights.write_text(
        HEADER
        + "shop,Pod,web,shop,Pod,cart,100,bytes/s\n"
        + "shop,Pod,cart,shop,Pod,web,20,bytes/s\n"
        + "shop,Pod,web,shop,Pod,db,900,bytes/s\n"
    )
    return hubble, weights


def test_bytes_count_where_hubble_saw_traffic_and_run_from_its_client(files):
    outcome = shorthaul("map", "--flows", *files, "--objective", "bytes", "-o", "json")

    assert (outcome.status, outcome.err) == (0, "")
    told = json.loads(outcome.out)
    (edge,) = told["edges"]
    assert (edge["client"]["name"], edge["server"]["name"]) == ("web", "cart")
    assert (edge["forward"], edge["backward"]) == (100, 20)
    assert any(note.startswith("1 rows of bytes between workloads") for note in told["notes"])


def test_the_order_of_the_files_does_not_matter(files):
    one, other = (
        shorthaul("map", "--flows", *given, "--objective", "bytes", "-o", "json").out
        for given in (files, files[::-1])
    )

    assert one == other


def test_without_an_objective_two_units_are_still_refused(files):
    outcome = shorthaul("map", "--flows", *files)

    assert outcome.status == 1
    assert "several units" in outcome.err


def test_a_plan_from_bytes_and_events_tells_how_they_differ():
    outcome = shorthaul(
        "plan", "--cluster", CLUSTER, "--flows", HUBBLE, EDGES, "--objective", "bytes"
    )

    assert outcome.status == 0
    assert "lie between other workloads than the flows/s say" in " ".join(outcome.out.split())
