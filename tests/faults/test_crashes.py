"""Killing the operator at any write neither loses nor repeats a move.

For every write of a scenario with two moves, and at each of three points (before the request is
forwarded, after the API server has committed it but before the reply, after the reply) the process
is killed with SIGKILL and started again. The end has to be that of a run without a crash, and the
API server's audit log has to hold exactly one eviction of each moved pod.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from faultproxy.faults import Point
from faultproxy.proxies import FaultProxy
from faults.children import Child
from faults.fault_worlds import (
    PATIENCE_SECONDS,
    World,
    deployment,
    driver,
    fresh_world,
    stateful_set,
)
from testbed import controlplanes

pytestmark = pytest.mark.controlplane

REPLICAS = 2
APPS = (("Deployment", "cart"), ("StatefulSet", "ledger"))


def scenario(world: World) -> list[str]:
    for _, app in APPS:
        world.wait_until_ready(app, REPLICAS)
    world.forget_moves()
    return [world.order_move(kind, app) for kind, app in APPS]


def end_state(world: World, names: list[str]) -> dict[str, object]:
    """What a run without a crash and one with a crash have to agree upon."""
    for _, app in APPS:
        world.wait_until_ready(app, REPLICAS)
    moves = [world.move(name) for name in names]
    return {
        "phases": [move["status"]["phase"] for move in moves],
        "on the target": [
            move["status"]["replacement"]["node"] == move["spec"]["to"] for move in moves
        ],
        "attempted": [move["status"]["attempts"] >= 1 for move in moves],
        "evictions": [world.evictions()[world.moved[name]] for name in names],
        "hinted": [
            move["spec"]["to"]
            in world.client.get("placementhints.shorthaul.dev", "active", world.namespace)["spec"][
                "workloads"
            ][f"{move['spec']['workload']['kind']}.{move['spec']['workload']['name']}"]["terms"][0][
                "values"
            ]
            for move in moves
        ],
    }


REFERENCE = {
    "phases": ["Landed", "Landed"],
    "on the target": [True, True],
    "attempted": [True, True],
    "evictions": [1, 1],
    "hinted": [True, True],
}


def run_to_end(child: Child) -> None:
    child.start()
    assert child.wait(PATIENCE_SECONDS) == 0, child.text()


def crash_once(world: World, proxy: FaultProxy, log: Path, call: int, point: Point) -> bool:
    """One run with a crash; False when the scenario has fewer writes than that."""
    names = scenario(world)
    child = Child(driver(world, proxy.address), log)
    crashed: list[int] = []

    def crash() -> None:
        crashed.append(call)
        child.kill()

    proxy.kill_at(call, point, crash)
    child.start()
    code = child.wait(PATIENCE_SECONDS)
    where = f"crash at {point} of {proxy.calls[:call][-1:]}"
    if crashed:
        assert code != 0, where
        # Nobody has to wait for the dead one's Lease here; `test_leaders` and others do.
        world.forget_leader()
        run_to_end(child)
    assert end_state(world, names) == REFERENCE, f"{where}\n{child.text()}"
    return bool(crashed)


def test_a_run_without_a_crash_lands_both_pods_with_one_eviction_each(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    with fresh_world(fault_plane, deployment("cart"), stateful_set("ledger")) as world:
        names = scenario(world)
        child = Child(driver(world, proxy.address), log)

        run_to_end(child)

        assert end_state(world, names) == REFERENCE, child.text()


@pytest.mark.parametrize("point", list(Point))
def test_killed_at_every_write_a_move_is_neither_lost_nor_repeated(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, tmp_path: Path, point: Point
):
    with fresh_world(fault_plane, deployment("cart"), stateful_set("ledger")) as world:
        call = 1
        while crash_once(world, proxy, tmp_path / f"{call}.log", call, point):
            proxy.reset()
            call += 1

    assert call > 15, "the scenario has fewer writes than two moves need"
