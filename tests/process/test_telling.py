"""What people see without knowing Python: the columns of kubectl, and Events on their objects."""

from __future__ import annotations

import pytest

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
