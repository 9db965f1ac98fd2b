"""Exporter, collector, spool and operator: a policy for bytes is planned on what was exported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from process import byte_policies
from process.stages import Shop, Stage

pytestmark = pytest.mark.controlplane
PAIRS = ("exported", "web", "cart"), ("exported", "web", "store")
LEAST_BYTES = 4_000
"""To the store, in 2 s: by then what was said to pods that had just begun is not among them."""


def least_grown(stage: Stage, first: Mapping[tuple[str, str, str], int]) -> int:
    """How many bytes more than at first went where fewest go."""
    found = byte_policies.counted(stage)
    return min(found.get(pair, 0) - first.get(pair, 0) for pair in PAIRS)


@pytest.fixture
def exported(running: Stage, tmp_path: Path) -> Iterator[Shop]:
    """The shop, its bytes exported to a collector, and a FlowSource for that."""
    with byte_policies.collected(running, "exported", tmp_path) as (shop, _):
        yield shop


def test_a_plan_for_bytes_goes_where_the_exported_bytes_are(running: Stage, exported: Shop):
    spec = byte_policies.plan_for_bytes(exported)

    assert spec["objective"]["before"] > spec["objective"]["after"]
    assert byte_policies.health_with_bytes(exported, "netflow")["windows"] > 0
    first = byte_policies.counted(running)
    exported.wait(lambda: least_grown(running, first) >= LEAST_BYTES, "bytes counted on")
    sums = byte_policies.counted(running)
    to_cart, to_store = (sums[pair] - first.get(pair, 0) for pair in PAIRS)
    assert to_cart / to_store == pytest.approx(45, rel=0.1)
