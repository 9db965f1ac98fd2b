"""What people see without knowing Python: the columns of kubectl, and Events on their objects."""

from __future__ import annotations

import json
import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from process import stages
from process.stages import Stage

pytestmark = pytest.mark.controlplane

LONGEST_NUMBER = len("12.3456")
COLUMNS = {
    "affinitypolicies": "NAME MODE OBJECTIVE READY WORKLOADS HOST PLAN KEPT AGE",
    "flowsources": "NAME TYPE READY FILES FLOWS/S LAG LOST AGE",
    "placementplans": "NAME PHASE MODE OBJECTIVE GAIN UNIT MOVES LANDED KEPT AGE",
    "podmoves": "NAME POD WORKLOAD FROM TO PHASE REASON AGE",
}


def test_kubectl_shows_columns_and_events_tell_the_story_of_a_gathering(running: Stage):
    with running.shop("spoken") as shop:
        shop.set_policy("Auto")
        shop.wait(lambda: shop.status().get("verification"), "a verdict", shop.state)
        tables = {
            kind: running.kubectl("get", kind, "-n", shop.namespace).stdout for kind in COLUMNS
        }
        shop.set_policy("Auto", pause=True)
        shop.wait(lambda: shop.events("PausedByOwner"), "event of the pause")

        assert {
            kind: " ".join(table.split("\n")[0].split()) for kind, table in tables.items()
        } == COLUMNS, tables
        policy = tables["affinitypolicies"].split("\n")[1].split()
        assert policy[:5] == ["near", "Auto", "flows", "True", "2"], tables
        numbers = [cell for cell in policy if "." in cell]
        assert numbers
        assert max(map(len, numbers)) <= LONGEST_NUMBER, tables
        (proposed, *_), (done, *_) = shop.events("PlanProposed"), shop.events("PlanDone")
        assert "it begins as budgets allow" in proposed
        assert "moves landed on their target" in done
        (verdict, *_) = shop.events("PlanVerified") + shop.events("PlanBrokePromise")
        assert "promised" in verdict
        landed = [move for move in shop.moves() if move["status"]["phase"] == "Landed"]
        assert len(shop.events("MoveLanded")) == len(landed)
        app = landed[0]["spec"]["workload"]["name"]
        told = running.kubectl("events", "--for", f"deployment/{app}", "-n", shop.namespace).stdout
        described = running.kubectl("describe", "afp", "near", "-n", shop.namespace).stdout
        assert "MoveLanded" in told, told
        assert "PlanVerified" in described or "PlanBrokePromise" in described, described


def test_the_traffic_map_is_scraped_while_there_is_traffic_and_its_series_go_with_it(
    running: Stage,
):
    with running.shop("mapped") as shop:
        shop.wait(lambda: _rates(running, "mapped"), "series of the edge", running.operator.text)
        scrape = _series(running)
        told = json.loads(running.read("/map.json"))

        assert _rates(running, "mapped").keys() == {("web", "store")}
        rates = [value for name, _, value in scrape if name == "shorthaul_map_edge_rate"]
        [whole] = [value for name, _, value in scrape if name == "shorthaul_map_rate"]
        assert math.isclose(sum(rates), whole, rel_tol=1e-6)
        assert ("mapped", "web") in {
            (edge["client"]["namespace"], edge["client"]["name"]) for edge in told["edges"]
        }
        assert "<graphml" in (text := running.read("/map.graphml")), text
    shop.wait(lambda: not _rates(running, "mapped"), "end of its series", running.operator.text)


def _series(stage: Stage) -> list[tuple[str, dict[str, str], float]]:
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(stage.read("/metrics"))
        for sample in family.samples
    ]


def _rates(stage: Stage, namespace: str) -> dict[tuple[str, str], float]:
    """The rates of one namespace's edges, by client and server, over all tiers."""
    found: dict[tuple[str, str], float] = {}
    for name, labels, value in _series(stage):
        if name == "shorthaul_map_edge_rate" and labels["client_namespace"] == namespace:
            ends = labels["client_workload"], labels["server_workload"]
            found[ends] = found.get(ends, 0.0) + value
    return found


def test_a_topology_tells_how_the_nodes_fit_it(running: Stage):
    labels = {"zone": "topology.kubernetes.io/zone", "region": "topology.kubernetes.io/region"}
    tiers = [{"tier": tier, "label": label} for tier, label in labels.items()]
    topology = {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "Topology",
        "metadata": {"name": "default"},
        "spec": {
            "tiers": tiers,
            "distances": {"host": 0, "rack": 1, "zone": 3, "region": 10, "beyond": 30},
        },
    }
    client, name = running.plane.client, "topologies.shorthaul.dev"
    client.create(topology)
    try:
        status = client.wait_for(
            lambda: client.get(name, "default").get("status"), what="status of the Topology"
        )
    finally:
        client.delete(name, "default")

    assert (status["nodes"], status["zones"]) == (len(stages.NODES), len(stages.ZONES))
    assert [(each["type"], each["status"]) for each in status["conditions"]] == [("Ready", "True")]
