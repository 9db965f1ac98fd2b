"""A policy for bytes is planned on bytes: of a real Prometheus, joined with Hubble's events.

The clients stand beside the servers that they ask often, in another zone than those that send them
much. By events all is well (`tests/act/test_byte_plans.py`); by bytes the clients belong elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.fault_worlds import Object
from process import stages
from process.stages import Shop, Stage
from telemetry.prometheus import pod_bytes
from telemetry.prometheus.servers import Prometheus
from testbed import debian

pytestmark = [pytest.mark.controlplane, pytest.mark.prometheus]

ZONES = {"web": 0, "store": 0, "cart": 1}
BYTES = {("web", "store"): 2_000.0, ("web", "cart"): 90_000.0}
SOURCES = "flowsources.shorthaul.dev"
GOVERNED = {"selector": {"matchLabels": {"governed": "yes"}}}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    try:
        program = debian.programs(("prometheus",), ("prometheus",)).path("prometheus")
    except debian.Unavailable as error:
        pytest.skip(str(error))
    folder: Path = tmp_path_factory.mktemp("prometheus")
    with Prometheus(program, folder, "250ms") as running:
        yield running


@pytest.fixture
def weighed(running: Stage, prometheus: Prometheus) -> Iterator[Shop]:
    """The shop, with its bytes in Prometheus and a FlowSource for them."""
    with (
        running.shop("weighed", ZONES) as shop,
        pod_bytes.counting(shop.namespace, shop.names_of, prometheus, BYTES),
    ):
        labels = {"metadata": {"labels": {"governed": "yes"}}}
        shop.client.patch("deployments.apps", "web", labels, shop.namespace)
        part = {"address": prometheus.url, "profile": "obi", "lagSeconds": 3}
        source = {
            "apiVersion": "shorthaul.dev/v1alpha1",
            "kind": "FlowSource",
            "metadata": {"name": "bytes"},
            "spec": {"type": "Prometheus", "prometheus": part},
        }
        shop.client.create(source)
        try:
            yield shop
        finally:
            shop.client.delete(SOURCES, "bytes")


def _health(shop: Shop) -> Object:
    found: Object = shop.client.get(SOURCES, "bytes").get("status", {}).get("health") or {}
    return found


def test_a_plan_for_bytes_goes_where_the_bytes_are_and_not_where_the_events_are(weighed: Shop):
    weighed.set_policy("Propose", objective="bytes", workloads=GOVERNED)

    spec = weighed.wait_for_plan("Proposed")["spec"]

    assert (spec["objective"]["name"], spec["objective"]["unit"]) == ("bytes", "bytes/s·distance")
    moves = [(move["workload"]["name"], move["to"]) for move in spec["moves"]]
    assert [name for name, _ in moves] == ["web", "web"]
    assert {node for _, node in moves} <= set(stages.ZONES[1])
    between_zones = BYTES["web", "cart"] * stages.distance(stages.NODES[0], stages.NODES[-1])
    assert spec["objective"]["before"] == pytest.approx(between_zones, rel=0.3)
    weighed.wait(lambda: _health(weighed).get("bytes"), "bytes told in the source's status")
