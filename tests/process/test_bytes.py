"""A policy for bytes is planned on bytes: of a real Prometheus, joined with Hubble's events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from process import byte_policies, stages
from process.byte_policies import BYTES
from process.stages import Shop, Stage
from telemetry.prometheus.servers import Prometheus

pytestmark = [pytest.mark.controlplane, pytest.mark.prometheus]


@pytest.fixture
def weighed(running: Stage, prometheus: Prometheus) -> Iterator[Shop]:
    """The shop, with its bytes in Prometheus and a FlowSource for them."""
    with byte_policies.scraped(running, "weighed", prometheus) as shop:
        yield shop


def test_a_plan_for_bytes_goes_where_the_bytes_are_and_not_where_the_events_are(weighed: Shop):
    spec = byte_policies.plan_for_bytes(weighed)

    between_zones = BYTES["web", "cart"] * stages.distance(stages.NODES[0], stages.NODES[-1])
    assert spec["objective"]["before"] == pytest.approx(between_zones, rel=0.3)
    byte_policies.health_with_bytes(weighed, "bytes")
