"""The API server, or the etcd behind it, fails in the phases of a move and comes back.

The API server is killed, etcd is full (it then refuses every write and goes on answering reads), or
etcd does not answer at all, so that requests hang and may still be carried out later.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from faultproxy.faults import Aside
from faultproxy.proxies import FaultProxy
from faults.children import Child
from faults.fault_worlds import PATIENCE_SECONDS, deployment, driver, fresh_world
from faults.test_refusals import writes_phase
from testbed import controlplanes

pytestmark = pytest.mark.controlplane


def ends(phase: str) -> tuple[str, ...]:
    """A server that has just started makes pods without their hints until it has read them.

    So the replacement of a pod that was evicted just before the outage may be anywhere.
    """
    return ("Landed", "Elsewhere") if phase == "Evicted" else ("Landed",)


@pytest.mark.parametrize("phase", ["Admitted", "Hinted", "Checked", "Evicting", "Evicted"])
@pytest.mark.parametrize("answered", [False, True], ids=["before the write", "after the write"])
def test_a_move_survives_a_restart_of_the_api_server(
    fault_plane: controlplanes.ControlPlane,
    proxy: FaultProxy,
    log: Path,
    phase: str,
    answered: bool,
):
    with fresh_world(fault_plane, deployment("cart")) as world:
        name = world.order_move("Deployment", "cart")
        down = threading.Event()

        def go_down() -> None:
            fault_plane.kill("kube-apiserver")
            down.set()

        proxy.aside(Aside(writes_phase(phase), go_down, answered))
        child = Child(driver(world, proxy.address, "--lease-seconds=60"), log)
        child.start()
        assert down.wait(PATIENCE_SECONDS), child.text()
        fault_plane.restart("kube-apiserver")

        assert child.wait(PATIENCE_SECONDS) == 0, child.text()
        assert world.phase(name) in ends(phase)
        assert world.evictions()[world.moved[name]] == 1


def raise_alarm(plane: controlplanes.ControlPlane, *, on: bool) -> None:
    """What etcd does by itself when its disk quota is used up, and what an administrator undoes."""
    told = {"action": "ACTIVATE" if on else "DEACTIVATE", "memberID": "1", "alarm": "NOSPACE"}
    url = f"http://127.0.0.1:{plane.layout.etcd_port}/v3/maintenance/alarm"
    request = urllib.request.Request(url, json.dumps(told).encode(), method="POST")
    urllib.request.urlopen(request, timeout=30).close()


def survive(
    plane: controlplanes.ControlPlane,
    proxy: FaultProxy,
    log: Path,
    fault: tuple[Aside, Callable[[], None], str],
) -> None:
    """One move during which something fails, and is mended once the executor has met with it."""
    aside, mend, met = fault
    with fresh_world(plane, deployment("cart")) as world:
        name = world.order_move("Deployment", "cart")
        child = Child(driver(world, proxy.address, "--lease-seconds=300"), log)
        proxy.aside(aside)
        try:
            child.start()
            child.wait_for_text(met, PATIENCE_SECONDS)
        finally:
            mend()

        assert child.wait(PATIENCE_SECONDS) == 0, child.text()
        assert world.phase(name) == "Landed", (world.move(name)["status"], child.text())
        assert world.evictions()[world.moved[name]] == 1


@pytest.mark.parametrize(
    ("phase", "answered"),
    [("Hinted", True), ("Evicting", False), ("Evicting", True), ("Evicted", False)],
)
def test_a_move_survives_that_etcd_takes_no_writes_any_more(
    fault_plane: controlplanes.ControlPlane,
    proxy: FaultProxy,
    log: Path,
    phase: str,
    answered: bool,
):
    def make_room() -> None:
        """Kubelets report a pod until it is taken; kwok does once, unless it starts anew."""
        raise_alarm(fault_plane, on=False)
        fault_plane.restart("kwok")

    fill = Aside(writes_phase(phase), lambda: raise_alarm(fault_plane, on=True), answered)
    survive(fault_plane, proxy, log, (fill, make_room, "database space exceeded"))


@pytest.mark.parametrize("answered", [False, True], ids=["before the write", "after the write"])
def test_a_move_survives_that_etcd_does_not_answer(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path, answered: bool
):
    freeze = Aside(writes_phase("Evicting"), lambda: fault_plane.pause("etcd"), answered)
    survive(fault_plane, proxy, log, (freeze, lambda: fault_plane.resume("etcd"), "trying again"))
