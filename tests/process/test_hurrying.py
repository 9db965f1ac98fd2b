"""Auto moves pods by what real probers measured, and by nothing else.

By the Topology's spec it takes equally long everywhere, so nothing is to be gained. The probers'
network takes longer between zones, and once the operator has adopted that, the pods are gathered.
The operator is a process in that network, where the probers' addresses are those of the nodes.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence

import pytest

from faults.children import Child
from faults.fault_worlds import PATIENCE_SECONDS, Object
from faults.operator_worlds import refuted
from process import probed_networks, stages
from process.stages import Shop, Stage
from telemetry.probes import delayed_networks
from telemetry.probes.delayed_networks import BETWEEN_SECONDS, WITHIN_SECONDS

pytestmark = pytest.mark.controlplane

TOPOLOGIES = "topologies.shorthaul.dev"
EVERYWHERE_MILLISECONDS = 1.0
UNIT = "flows/s·ms"


@contextlib.contextmanager
def addressed(stage: Stage) -> Iterator[None]:
    """Gives each node the address that its prober has."""
    client = stage.plane.client

    def give(name: str, addresses: object) -> None:
        change = {"status": {"addresses": addresses}}
        client.patch("nodes", name, change, subresource="status")

    before = {name: client.get("nodes", name)["status"]["addresses"] for name in stages.NODES}
    for index, name in enumerate(stages.NODES):
        give(name, [{"type": "InternalIP", "address": delayed_networks.address(index)}])
    try:
        yield
    finally:
        for name, addresses in before.items():
            give(name, addresses)


@contextlib.contextmanager
def at_work(stage: Stage, within: Sequence[str]) -> Iterator[Child]:
    """An operator in a network, in place of the stage's own."""
    stage.stop_operator()
    operator = Child([*within, *stage.command("--latency-seconds=1")], stage.folder / "probing.log")
    operator.start()
    try:
        yield operator
        operator.signal(signal.SIGTERM)
        operator.wait(PATIENCE_SECONDS)
    finally:
        operator.end()
    assert "Traceback" not in operator.text()


@pytest.fixture
def hurried(stage: Stage) -> Iterator[Shop]:
    """A shop, and a Topology that says that it takes equally long everywhere."""
    tiers = ("host", "rack", "zone", "region", "beyond")
    topology = {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "Topology",
        "metadata": {"name": "default"},
        "spec": {"latencies": dict.fromkeys(tiers, EVERYWHERE_MILLISECONDS)},
    }
    with (
        probed_networks.entered(stage.plane.server) as within,
        addressed(stage),
        at_work(stage, within),
        stage.shop("hurried") as shop,
    ):
        shop.client.create(topology)
        try:
            yield shop
        finally:
            shop.client.delete(TOPOLOGIES, "default")


def test_measured_latencies_are_adopted_and_move_pods(stage: Stage, hurried: Shop):
    before = stages.price(hurried)
    hurried.set_policy("Auto", objective="latency")
    hurried.wait_for_condition("Ready", "True", "NothingToGain")
    assert hurried.plans() == []

    hurried.client.patch(TOPOLOGIES, "default", {"spec": {"latencySource": _probes()}})
    hurried.wait(lambda: _measured(hurried) == ("True", "Probed"), "latencies", _at(hurried))
    latencies = _latencies(hurried)
    plan = hurried.wait(lambda: _verified(hurried), "a verdict", hurried.state)
    hurried.wait(hurried.is_still, "rest", hurried.state)

    assert latencies.keys() == {"rack", "region"}
    assert 2_000 * WITHIN_SECONDS <= latencies["rack"] < latencies["region"]
    assert latencies["region"] >= 2_000 * BETWEEN_SECONDS
    moves = hurried.moves()
    assert {move["status"]["phase"] for move in moves} == {"Landed"}, moves
    assert [move["status"]["replacement"]["node"] for move in moves] == [
        move["spec"]["to"] for move in moves
    ]
    assert hurried.evictions() == {move["spec"]["pod"]["uid"]: 1 for move in moves}
    assert stages.price(hurried) < before
    places = {*hurried.nodes_of("web"), *hurried.nodes_of("store")}
    assert any(places <= set(zone) for zone in stages.ZONES), places
    told = plan["status"]["verification"]
    assert (plan["spec"]["objective"]["unit"], told["unit"]) == (UNIT, UNIT)
    assert not refuted(plan), hurried.state()
    assert told["meanAfter"] < 2_000 * BETWEEN_SECONDS <= told["meanBefore"]

    evicted = hurried.evictions()
    hurried.client.patch(
        TOPOLOGIES, "default", {"spec": {"latencySource": _probes("none.test", staleSeconds=10)}}
    )
    stale = ("False", "LatenciesStale")
    hurried.wait(lambda: _measured(hurried) == stale, "latencies too old", _at(hurried))
    assert _latencies(hurried) == {}
    hurried.wait_for_condition("Ready", "True", "NothingToGain")
    assert hurried.evictions() == evicted


def _probes(name: str = delayed_networks.NAME, **more: object) -> Object:
    address = f"{name}:{delayed_networks.REPORT_PORT}"
    return {"type": "Probes", "probes": {"address": address, **more}}


def _at(shop: Shop) -> Callable[[], Object]:
    return lambda: shop.client.get(TOPOLOGIES, "default")


def _measured(shop: Shop) -> tuple[str, str]:
    """Status and reason of the Topology's condition about measured latencies."""
    status = shop.client.get(TOPOLOGIES, "default").get("status", {})
    for each in status.get("conditions", ()):
        if each["type"] == "LatenciesMeasured":
            return each["status"], each["reason"]
    return "", ""


def _latencies(shop: Shop) -> dict[str, float]:
    """The latencies that were adopted, by tier."""
    status = shop.client.get(TOPOLOGIES, "default")["status"]
    return {each["tier"]: each["milliseconds"] for each in status.get("latencies", ())}


def _verified(shop: Shop) -> Object | None:
    """The first plan that is done, once there is a verdict on it."""
    done = [plan for plan in shop.plans() if plan.get("status", {}).get("verification")]
    return done[0] if done else None
