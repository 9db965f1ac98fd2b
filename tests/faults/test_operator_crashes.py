"""The whole operator, as `python -m shorthaul operator`, is killed at every write of a move.

It plans by itself here: two workloads that talk stand in two zones, the demo's player writes what
their traffic would be, and a policy in mode Auto lets the operator gather them. In one life of the
cluster the operator dies at one write after the other, from the making of the plan to its end, each
time at the same point (before the request is sent, after the API server has committed it but before
the reply, after the reply), and is started again. Then every planned move has landed, and the API
server's audit log holds one eviction of each moved pod and none of any other.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from faultproxy.faults import Call, Point
from faultproxy.proxies import FaultProxy
from faults.fault_worlds import (
    ENDS,
    NODES,
    PATIENCE_SECONDS,
    REPOSITORY,
    Child,
    Object,
    World,
    deployment,
    fresh_world,
)
from testbed import controlplanes

pytestmark = pytest.mark.controlplane

PODMOVES = "podmoves.shorthaul.dev"
CLIENT, SERVER = "web", "store"
QUIET_SECONDS = 6.0


def service(name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 8080}]},
    }


def policy() -> Object:
    pace = {"concurrent": 2, "movesPerHour": 60, "coolDownSeconds": 0, "minimumPodAgeSeconds": 0}
    return {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "AffinityPolicy",
        "metadata": {"name": "near"},
        "spec": {
            "mode": "Auto",
            "objective": "flows",
            "workloads": {},
            "disruption": pace,
            "worth": {"leastGainPercent": 2},
            "damping": {"persistenceWindows": 1},
        },
    }


def flow_source(folder: Path) -> Object:
    return {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "FlowSource",
        "metadata": {"name": "hubble"},
        "spec": {
            "type": "HubbleExport",
            "hubbleExport": {"path": f"{folder}/*/events.log"},
            "trust": "Full",
        },
    }


def cordon(world: World, names: tuple[str, ...], value: bool) -> None:
    for name in names:
        world.client.patch("nodes", name, {"spec": {"unschedulable": value}})


def place_apart(world: World) -> None:
    """Clients in one zone, servers in the other."""
    for app, closed in ((CLIENT, NODES[2:]), (SERVER, NODES[:2])):
        cordon(world, closed, True)
        world.client.create(deployment(app), world.namespace)
        world.wait_until_ready(app, 2)
        cordon(world, closed, False)
    world.client.create(service(SERVER), world.namespace)


def talk(client: str, server: str, rate: float = 20) -> Object:
    """Who talks to whom, each as namespace/name, as the player's table has it."""
    return {"client": client, "server": server, "rate": rate, "pool": 8, "lifetime": 2}


@contextlib.contextmanager
def playing(
    plane: controlplanes.ControlPlane, folder: Path, talks: Sequence[Object]
) -> Iterator[Path]:
    """Writes the traffic's export files while the test runs, and gives their folder."""
    table = folder / "talks.yaml"
    table.write_text(yaml.safe_dump({"talks": list(talks)}))
    exports = folder / "exports"
    exports.mkdir()
    command = [sys.executable, "-m", "demoshop.player", f"--talks={table}"]
    command += [f"--kubeconfig={plane.kubeconfig}", f"--exports={exports}"]
    command += [f"--truth={folder / 'truth'}"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "hack")}
    with (folder / "player.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield exports
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def operator(world: World, server: str) -> list[str]:
    return [
        *(sys.executable, "-m", "shorthaul", "operator"),
        f"--kubeconfig={world.kubeconfig(server)}",
        "--identity=operator-0",
        "--window-seconds=1",
        "--persistence-windows=1",
        "--verification-windows=1",
        "--half-life-windows=3",
        "--landing-seconds=300",
        "--tick-seconds=0.3",
        "--health-port=0",
        "--metrics-port=0",
        "--address=127.0.0.1",
    ]


def moves(world: World) -> list[Object]:
    return world.client.list(PODMOVES, world.namespace)


def phase(move: Object) -> str:
    return str(move.get("status", {}).get("phase", "Pending"))


def wait_until_done(world: World, child: Child) -> list[Object]:
    """Waits until there were moves, all have ended, and no other comes for a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    quiet_since, known = time.monotonic(), -1
    while time.monotonic() < deadline:
        assert child.is_running, child.text()[-5000:]
        found = moves(world)
        busy = not found or any(phase(move) not in ENDS for move in found)
        if busy or len(found) != known:
            quiet_since, known = time.monotonic(), len(found)
        if time.monotonic() - quiet_since > QUIET_SECONDS:
            return found
        time.sleep(0.3)
    raise AssertionError(f"{[phase(move) for move in moves(world)]}\n{child.text()[-5000:]}")


def writes(namespace: str) -> dict[str, Callable[[Call, bytes], bool]]:
    """How to know each write that a move needs, in the order in which they are made."""

    def made(plural: str) -> Callable[[Call, bytes], bool]:
        return lambda call, _: call.method == "POST" and call.path.endswith(f"/{plural}")

    def told(plural: str, state: str) -> Callable[[Call, bytes], bool]:
        return lambda call, body: (
            call.method == "PATCH"
            and f"/{plural}/" in call.path
            and json.loads(body).get("status", {}).get("phase") == state
        )

    return {
        "make the plan": made("placementplans"),
        "begin the plan": told("placementplans", "Executing"),
        "make the move": made("podmoves"),
        "Admitted": told("podmoves", "Admitted"),
        "hint": lambda call, _: f"/{namespace}/placementhints" in call.path,
        **{state: told("podmoves", state) for state in ("Hinted", "Checked", "Evicting")},
        "evict": made("eviction"),
        **{state: told("podmoves", state) for state in ("Evicted", "Landed")},
        "end the plan": told("placementplans", "Done"),
    }


def planned(world: World) -> set[str]:
    """The pods that the plans of a world which were carried out speak of, by uid."""
    plans = world.client.list("placementplans.shorthaul.dev")
    return {
        move["uid"]
        for plan in plans
        for condition in plan.get("status", {}).get("conditions", ())
        if (condition["type"], condition["status"]) == ("Ready", "True")
        for move in plan["spec"]["moves"]
        if move["namespace"] == world.namespace
    }


@pytest.mark.parametrize("point", list(Point))
def test_killed_at_every_write_the_operator_neither_loses_nor_repeats_a_move(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, tmp_path: Path, point: Point
):
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(fresh_world(fault_plane))
        place_apart(world)
        names = (f"{world.namespace}/{CLIENT}", f"{world.namespace}/{SERVER}")
        exports = stack.enter_context(playing(fault_plane, tmp_path, [talk(*names)]))
        child = Child(operator(world, proxy.address), tmp_path / "operator.log")
        stack.callback(child.end)
        world.client.create(flow_source(exports))
        stack.callback(world.client.delete, "flowsources.shorthaul.dev", "hubble")
        world.client.create(policy(), world.namespace)

        for name, write in writes(world.namespace).items():
            proxy.kill_when(write, point, child.kill)
            child.start()
            assert child.wait(PATIENCE_SECONDS) == -signal.SIGKILL, (
                f"{name}: {child.text()[-5000:]}"
            )
        child.start()
        ended = wait_until_done(world, child)

        moved = {move["spec"]["pod"]["uid"]: phase(move) for move in ended}
        assert set(moved.values()) == {"Landed"}, [move["status"] for move in ended]
        assert set(moved) == planned(world)
        assert dict(world.evictions()) == dict.fromkeys(moved, 1), child.text()[-5000:]
        for app in (CLIENT, SERVER):
            world.wait_until_ready(app, 2)
