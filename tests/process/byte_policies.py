"""A shop whose events and bytes disagree, a source of its bytes, and the plan that bytes ask for.

The clients stand beside the servers that they ask often, in another zone than those that send them
much. By events all is well (`tests/act/test_byte_plans.py`); by bytes the clients belong elsewhere.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from faults import operator_worlds
from faults.fault_worlds import Object
from process import pod_flows, stages
from process.pod_flows import PodFlows
from process.stages import Shop, Stage
from shorthaul.store import connections
from telemetry.collectors.running import Running
from telemetry.prometheus import pod_bytes
from telemetry.prometheus.servers import Prometheus

ZONES = {"web": 0, "store": 0, "cart": 1}
BYTES = {("web", "store"): 2_000.0, ("web", "cart"): 90_000.0}
SOURCES = "flowsources.shorthaul.dev"
REPLICAS = 2
GOVERNED = {"selector": {"matchLabels": {"governed": "yes"}}}


@contextlib.contextmanager
def told_by(shop: Shop, name: str, kind: str, **part: object) -> Iterator[Shop]:
    """The shop with its clients governed, and a FlowSource of bytes until the block ends."""
    labels = {"metadata": {"labels": {"governed": "yes"}}}
    shop.client.patch("deployments.apps", "web", labels, shop.namespace)
    source = {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "FlowSource",
        "metadata": {"name": name},
        "spec": {"type": kind, kind.lower(): part},
    }
    shop.client.create(source)
    try:
        yield shop
    finally:
        shop.client.delete(SOURCES, name)


@contextlib.contextmanager
def scraped(stage: Stage, name: str, prometheus: Prometheus) -> Iterator[Shop]:
    """The shop with its bytes in Prometheus, and the FlowSource `bytes` for them."""
    part = {"address": prometheus.url, "profile": "obi", "lagSeconds": 3}
    with (
        stage.shop(name, ZONES) as shop,
        pod_bytes.counting(shop.namespace, shop.names_of, prometheus, BYTES),
        told_by(shop, "bytes", "Prometheus", **part),
    ):
        yield shop


@contextlib.contextmanager
def collected(stage: Stage, name: str, folder: Path) -> Iterator[tuple[Shop, PodFlows]]:
    """The shop, its bytes exported to a collector, and the FlowSource `netflow` for that."""
    with (
        stage.shop(name, ZONES) as shop,
        Running(folder, "--window-seconds", "1", spool=True) as collector,
        pod_flows.exporting(shop, collector.udp_port, BYTES) as flows,
    ):
        part = {"address": f"127.0.0.1:{collector.serve_port}", "longestFlowSeconds": 1}
        with told_by(shop, "netflow", "Collector", **part):
            yield shop, flows


def plan_for_bytes(shop: Shop) -> Object:
    """The spec of the plan for bytes, which takes the clients to where their bytes come from."""
    shop.set_policy("Propose", objective="bytes", workloads=GOVERNED)

    spec: Object = shop.wait_for_plan("Proposed")["spec"]

    assert (spec["objective"]["name"], spec["objective"]["unit"]) == ("bytes", "bytes/s·distance")
    moves = [(move["workload"]["name"], move["to"]) for move in spec["moves"]]
    assert [name for name, _ in moves] == ["web", "web"]
    assert {node for _, node in moves} <= set(stages.ZONES[1])
    return spec


def health_with_bytes(shop: Shop, name: str) -> Object:
    """What the source's status tells of its health, once it tells bytes."""

    def health() -> Object:
        found: Object = shop.client.get(SOURCES, name).get("status", {}).get("health") or {}
        return found

    shop.wait(lambda: health().get("bytes"), "bytes told in the source's status")
    return health()


def counted(stage: Stage) -> dict[tuple[str, str, str], int]:
    """All bytes in the ledger, by the sender's namespace and the names of sender and receiver."""
    ledger = stage.folder / "bytes.ledger"
    if not ledger.exists():
        return {}
    with connections.reading(str(ledger)) as connection:
        found = connection.execute(
            "SELECT s.namespace, s.name, d.name, sum(bytes) FROM balances"
            " JOIN parties s ON s.id = source JOIN parties d ON d.id = destination GROUP BY 1, 2, 3"
        ).fetchall()
    return {(namespace, source, other): size for namespace, source, other, size in found}


def price(shop: Shop) -> float:
    """Bytes/s times distance of a shop's bytes, by this table and where its pods are."""
    talks = [
        operator_worlds.talk(*(f"{shop.namespace}/{end}" for end in ends), rate / REPLICAS)
        for ends, rate in BYTES.items()
    ]
    return stages.price(shop, talks)
