"""The API server goes away and comes back in every phase of a move."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from faultproxy.faults import Aside
from faultproxy.proxies import FaultProxy
from faults.fault_worlds import Child, deployment, driver, fresh_world
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
        options = ("--lease-seconds=60", "--landing-seconds=120")
        child = Child(driver(world, proxy.address, *options), log)
        child.start()
        assert down.wait(60), child.text()
        fault_plane.restart("kube-apiserver")

        assert child.wait(200) == 0, child.text()
        assert world.phase(name) in ends(phase)
        assert world.evictions()[world.moved[name]] == 1
