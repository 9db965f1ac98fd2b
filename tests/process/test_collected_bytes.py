"""Exporter, collector, spool and operator: a policy for bytes is planned on what was exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from process import byte_policies
from process.stages import Shop, Stage

pytestmark = pytest.mark.controlplane


@pytest.fixture
def exported(running: Stage, tmp_path: Path) -> Iterator[Shop]:
    """The shop, its bytes exported to a collector, and a FlowSource for that."""
    with byte_policies.collected(running, "exported", tmp_path) as (shop, _):
        yield shop


def test_a_plan_for_bytes_goes_where_the_exported_bytes_are(running: Stage, exported: Shop):
    spec = byte_policies.plan_for_bytes(exported)

    assert spec["objective"]["before"] > spec["objective"]["after"]
    assert byte_policies.health_with_bytes(exported, "netflow")["windows"] > 0
    sums = byte_policies.counted(running)
    ratio = sums["exported", "web", "cart"] / sums["exported", "web", "store"]
    assert ratio == pytest.approx(45, rel=0.1)
