"""Auto moves pods by bytes of a live source that follows them, and the verdict is in bytes too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.fault_worlds import Object
from faults.operator_worlds import refuted
from process import byte_policies, stages
from process.byte_policies import BYTES, GOVERNED, REPLICAS
from process.pod_flows import PodFlows
from process.stages import Shop, Stage
from telemetry.prometheus.servers import Prometheus

pytestmark = pytest.mark.controlplane

UNIT = "bytes/s·distance"
NOBODY = ("", "unattributed", "unattributed")


@pytest.fixture
def hauled(running: Stage, tmp_path: Path) -> Iterator[tuple[Shop, PodFlows, int]]:
    """The shop, who exports its bytes, and how many bytes were nobody's before."""
    before = byte_policies.counted(running).get(NOBODY, 0)
    with byte_policies.collected(running, "hauled", tmp_path) as (shop, flows):
        yield shop, flows, before


@pytest.fixture
def shipped(running: Stage, prometheus: Prometheus) -> Iterator[Shop]:
    with byte_policies.scraped(running, "shipped", prometheus) as shop:
        yield shop


def test_pods_go_where_a_collector_saw_their_bytes_and_each_byte_counts_once(
    running: Stage, hauled: tuple[Shop, PodFlows, int]
):
    shop, flows, nobodys = hauled

    gather_by_bytes(shop)
    sent = flows.silence()

    def counted() -> int:
        """The bytes of this shop in the ledger, with those of its bytes that are nobody's."""
        sums = byte_policies.counted(running)
        own = [sums.get((shop.namespace, *ends), 0) for ends in BYTES]
        return sum(own) + sums.get(NOBODY, 0) - nobodys

    shop.wait(lambda: counted() >= sent, "end of the count", counted)
    assert counted() == sent


@pytest.mark.prometheus
def test_pods_go_where_prometheus_saw_their_bytes(shipped: Shop):
    gather_by_bytes(shipped)


def gather_by_bytes(shop: Shop) -> None:
    """Let Auto move the clients to the servers that send them much, and hold it to its word."""
    before = byte_policies.price(shop)
    shop.set_policy("Auto", objective="bytes", workloads=GOVERNED)

    plan = shop.wait(lambda: _verified(shop), "a verdict", shop.state)
    shop.wait(shop.is_still, "rest", shop.state)

    after = byte_policies.price(shop)
    assert after < before
    assert set(shop.nodes_of("web")) <= set(stages.ZONES[1])
    moves = shop.moves()
    assert len(plan["spec"]["moves"]) == len(moves) == REPLICAS, shop.state()
    assert {move["status"]["phase"] for move in moves} == {"Landed"}, moves
    assert [move["status"]["replacement"]["node"] for move in moves] == [
        move["spec"]["to"] for move in moves
    ]
    assert shop.evictions() == {move["spec"]["pod"]["uid"]: 1 for move in moves}
    told, rate = plan["status"]["verification"], sum(BYTES.values())
    assert (plan["spec"]["objective"]["unit"], told["unit"]) == (UNIT, UNIT)
    assert not refuted(plan), shop.state()
    assert told["meanBefore"] == pytest.approx(before / rate, rel=0.1)
    assert told["meanAfter"] == pytest.approx(after / rate, rel=0.1)


def _verified(shop: Shop) -> Object | None:
    """The plan that is done, once there is a verdict on it."""
    done = [plan for plan in shop.plans() if plan.get("status", {}).get("verification")]
    return done[0] if done else None
