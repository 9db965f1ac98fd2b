"""Two processes that both believe to lead: one is frozen past its Lease and wakes up again.

Whatever phase it is frozen in, the other takes over with a larger epoch and finishes the move, the
pod is evicted once, and the one that wakes up ends without having written anything.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from faultproxy.faults import Aside
from faultproxy.proxies import FaultProxy
from faults.children import Child
from faults.driver import LOST
from faults.fault_worlds import (
    PATIENCE_SECONDS,
    World,
    deployment,
    driver,
    fresh_world,
)
from faults.test_refusals import writes_phase
from testbed import controlplanes

pytestmark = pytest.mark.controlplane

LEASE = "--lease-seconds=3"


def epochs_written(world: World, name: str) -> list[int]:
    """The epochs of a move's accepted statuses, in the order in which the server took them."""
    return [
        int(event["requestObject"]["status"]["epoch"])
        for event in world.plane.audit_events()
        if event.get("objectRef", {}).get("resource") == "podmoves"
        and event["objectRef"].get("subresource") == "status"
        and event["objectRef"]["name"] == name
        and event["responseStatus"]["code"] == 200
    ]


@pytest.mark.parametrize("phase", ["Admitted", "Hinted", "Checked", "Evicting", "Evicted"])
@pytest.mark.parametrize("answered", [False, True], ids=["before the write", "after the write"])
def test_a_leader_that_was_frozen_writes_nothing_after_another_took_over(
    fault_plane: controlplanes.ControlPlane,
    proxy: FaultProxy,
    tmp_path: Path,
    phase: str,
    answered: bool,
):
    with fresh_world(fault_plane, deployment("cart")) as world:
        name = world.order_move("Deployment", "cart")
        first = Child(
            driver(world, proxy.address, LEASE, "--identity=first"), tmp_path / "first.log"
        )
        second = Child(
            driver(world, fault_plane.server, LEASE, "--identity=second"), tmp_path / "second.log"
        )
        proxy.aside(Aside(writes_phase(phase), lambda: first.signal(signal.SIGSTOP), answered))
        first.start()
        world.client.wait_for(lambda: is_stopped(first), what="the first leader to be frozen")

        second.start()
        assert second.wait(PATIENCE_SECONDS) == 0, second.text()
        first.signal(signal.SIGCONT)

        assert first.wait(PATIENCE_SECONDS) == LOST, first.text()
        assert (world.phase(name), world.evictions()[world.moved[name]]) == ("Landed", 1)
        epochs = epochs_written(world, name)
        assert epochs == sorted(epochs)


def test_the_api_server_itself_refuses_a_smaller_epoch(fault_plane: controlplanes.ControlPlane):
    with fresh_world(fault_plane, deployment("cart")) as world:
        name = world.order_move("Deployment", "cart")

        def write(epoch: int) -> int:
            endpoint = world.operator_client.endpoint
            path = f"/apis/shorthaul.dev/v1alpha1/namespaces/{world.namespace}/podmoves/{name}"
            body = {"status": {"epoch": epoch, "phase": "Admitted", "attempts": 0}}
            try:
                endpoint.send(
                    "PATCH", f"{path}/status", body, content_type="application/merge-patch+json"
                )
            except Exception as error:  # noqa: BLE001
                return int(getattr(error, "status", 0))
            return 200

        assert [write(epoch) for epoch in (7, 6, 7, 8)] == [200, 422, 200, 200]


def test_a_lease_that_was_deleted_starts_above_the_epochs_of_all_moves(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, tmp_path: Path
):
    with fresh_world(fault_plane, deployment("cart")) as world:
        name = world.order_move("Deployment", "cart")
        for _ in range(3):
            child = Child(driver(world, proxy.address), tmp_path / "child.log")
            child.start()
            assert child.wait(PATIENCE_SECONDS) == 0, child.text()
        before = world.move(name)["status"]["epoch"]
        world.forget_leader()

        later = world.order_move("Deployment", "cart")
        child.start()
        assert child.wait(PATIENCE_SECONDS) == 0, child.text()

        assert world.move(later)["status"]["epoch"] > before


def is_stopped(child: Child) -> bool:
    """Whether Linux says that the process is stopped."""
    stat = Path(f"/proc/{child.pid}/stat")
    return child.is_running and stat.read_text().rsplit(")", 1)[1].split()[0] == "T"
