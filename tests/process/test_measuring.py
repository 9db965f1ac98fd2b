"""The operator asks whom a Topology names for latencies, and tells why they do not count yet."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from faults.children import Child
from faults.fault_worlds import PATIENCE_SECONDS, Object
from process.stages import Stage
from testbed import ports

pytestmark = pytest.mark.controlplane
ADDRESS = "127.0.0.77"
TOPOLOGIES = "topologies.shorthaul.dev"


def topology(source: Object) -> Object:
    return {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "Topology",
        "metadata": {"name": "default"},
        "spec": {
            "latencies": {"host": 0.1, "rack": 0.2, "zone": 0.5, "region": 1.5, "beyond": 50.0},
            "latencySource": source,
        },
    }


def test_a_prober_on_no_node_is_read_and_counts_nothing(running: Stage, tmp_path: Path):
    port, report_port = ports.pick(2)
    options = ["--address", ADDRESS, "--port", str(port), "--report-port", str(report_port)]
    command = [sys.executable, "-m", "shorthaul", "prober", *options, "--peer", ADDRESS]
    prober = Child(command, tmp_path / "prober.log")
    source = {"type": "Probes", "probes": {"address": f"{ADDRESS}:{report_port}"}}
    client = running.plane.client

    def measured() -> tuple[str, str, str] | None:
        """The condition, once a prober has answered."""
        status = client.get(TOPOLOGIES, "default").get("status", {})
        for each in status.get("conditions", ()):
            if each["type"] == "LatenciesMeasured" and status.get("probers"):
                return each["status"], each["reason"], each["message"]
        return None

    prober.start()
    client.create(topology(source))
    try:
        status, reason, message = client.wait_for(
            measured, timeout_seconds=PATIENCE_SECONDS, what="a prober in the Topology's status"
        )
    finally:
        client.delete(TOPOLOGIES, "default")
        prober.end()

    assert (status, reason) == ("False", "TooFewPairs")
    assert message.startswith("1 of 1 probers answered, 1 of them on no node; both ends agree on 0")


def test_a_prometheus_that_is_away_is_told_in_one_line(running: Stage):
    (port,) = ports.pick(1)
    address = f"http://127.0.0.1:{port}"
    source = {"type": "Prometheus", "prometheus": {"address": address, "profile": "netobserv"}}
    client = running.plane.client

    def told() -> tuple[str, str] | None:
        """The condition, once the engine was asked."""
        status = client.get(TOPOLOGIES, "default").get("status", {})
        for each in status.get("conditions", ()):
            if each["type"] == "LatenciesMeasured" and address in each["message"]:
                return each["reason"], each["message"]
        return None

    client.create(topology(source))
    try:
        reason, message = client.wait_for(
            told, timeout_seconds=PATIENCE_SECONDS, what="the engine in the Topology's status"
        )
    finally:
        client.delete(TOPOLOGIES, "default")

    assert reason == "NoRoundTrips"
    assert message.startswith(f"{address}: cannot be asked (")
    assert message.endswith("; the spec's latencies count")
    assert "\n" not in message
