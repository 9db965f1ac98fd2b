"""Exporter, collector, spool and operator: a policy for bytes is planned on what was exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.fault_worlds import Object
from process import pod_flows, stages
from process.stages import Shop, Stage
from shorthaul.store import connections
from telemetry.collectors.running import Running

pytestmark = pytest.mark.controlplane

ZONES = {"web": 0, "store": 0, "cart": 1}
BYTES = {("web", "store"): 2_000.0, ("web", "cart"): 90_000.0}
SOURCES = "flowsources.shorthaul.dev"
GOVERNED = {"selector": {"matchLabels": {"governed": "yes"}}}


@pytest.fixture
def exported(running: Stage, tmp_path: Path) -> Iterator[Shop]:
    """The shop, its bytes exported to a collector, and a FlowSource for that."""
    with (
        running.shop("exported", ZONES) as shop,
        Running(tmp_path, "--window-seconds", "1", spool=True) as collector,
        pod_flows.exporting(shop, collector.udp_port, BYTES),
    ):
        labels = {"metadata": {"labels": {"governed": "yes"}}}
        shop.client.patch("deployments.apps", "web", labels, shop.namespace)
        part = {"address": f"127.0.0.1:{collector.serve_port}", "longestFlowSeconds": 1}
        source = {
            "apiVersion": "shorthaul.dev/v1alpha1",
            "kind": "FlowSource",
            "metadata": {"name": "netflow"},
            "spec": {"type": "Collector", "collector": part},
        }
        shop.client.create(source)
        try:
            yield shop
        finally:
            shop.client.delete(SOURCES, "netflow")


def test_a_plan_for_bytes_goes_where_the_exported_bytes_are(running: Stage, exported: Shop):
    exported.set_policy("Propose", objective="bytes", workloads=GOVERNED)

    spec = exported.wait_for_plan("Proposed")["spec"]

    assert (spec["objective"]["name"], spec["objective"]["unit"]) == ("bytes", "bytes/s·distance")
    moves = [(move["workload"]["name"], move["to"]) for move in spec["moves"]]
    assert [name for name, _ in moves] == ["web", "web"]
    assert {node for _, node in moves} <= set(stages.ZONES[1])
    assert spec["objective"]["before"] > spec["objective"]["after"]
    exported.wait(lambda: _health(exported).get("bytes"), "bytes told in the source's status")
    assert _health(exported)["windows"] > 0
    with connections.reading(str(running.folder / "bytes.ledger")) as connection:
        found = connection.execute(
            "SELECT s.name, d.name, sum(bytes) FROM balances"
            " JOIN parties s ON s.id = source JOIN parties d ON d.id = destination"
            " WHERE s.namespace = 'exported' GROUP BY 1, 2"
        ).fetchall()
    sums = {(source, destination): size for source, destination, size in found}
    assert sums["web", "cart"] / sums["web", "store"] == pytest.approx(45, rel=0.1)


def _health(shop: Shop) -> Object:
    found: Object = shop.client.get(SOURCES, "netflow").get("status", {}).get("health") or {}
    return found
