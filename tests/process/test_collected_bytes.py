"""Exporter, collector, spool and operator: a policy for bytes is planned on what was exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from process import byte_policies, pod_flows
from process.stages import Shop, Stage
from telemetry.collectors.running import Running

pytestmark = pytest.mark.controlplane


@pytest.fixture
def exported(running: Stage, tmp_path: Path) -> Iterator[Shop]:
    """The shop, its bytes exported to a collector, and a FlowSource for that."""
    with (
        running.shop("exported", byte_policies.ZONES) as shop,
        Running(tmp_path, "--window-seconds", "1", spool=True) as collector,
        pod_flows.exporting(shop, collector.udp_port, byte_policies.BYTES),
    ):
        part = {"address": f"127.0.0.1:{collector.serve_port}", "longestFlowSeconds": 1}
        with byte_policies.told_by(shop, "netflow", "Collector", **part):
            yield shop


def test_a_plan_for_bytes_goes_where_the_exported_bytes_are(running: Stage, exported: Shop):
    spec = byte_policies.plan_for_bytes(exported)

    assert spec["objective"]["before"] > spec["objective"]["after"]
    assert byte_policies.health_with_bytes(exported, "netflow")["windows"] > 0
    sums = byte_policies.counted(running)
    ratio = sums["exported", "web", "cart"] / sums["exported", "web", "store"]
    assert ratio == pytest.approx(45, rel=0.1)
