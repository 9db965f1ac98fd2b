"""What whole-operator tests play with: workloads that talk in the wrong zones, a player, a process.

The demo's player writes what the traffic of two workloads that talk would be, and a policy in mode
Auto lets the operator, as `python -m shorthaul operator`, gather them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from faults.fault_worlds import LANDING_SECONDS, NODES, REPOSITORY, Object, World, deployment
from testbed import controlplanes


def service(name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 8080}]},
    }


def policy(concurrent: int = 2) -> Object:
    pace: Object = {"concurrent": concurrent, "movesPerHour": 60}
    pace |= {"coolDownSeconds": 0, "minimumPodAgeSeconds": 0}
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


def flow_source(folder: Path, *, from_beginning: bool = True) -> Object:
    path = f"{folder}/*/events.log"
    return {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "FlowSource",
        "metadata": {"name": "hubble"},
        "spec": {
            "type": "HubbleExport",
            "hubbleExport": {"path": path, "fromBeginning": from_beginning},
            "trust": "Full",
        },
    }


def cordon(world: World, names: tuple[str, ...], value: bool) -> None:
    for name in names:
        world.client.patch("nodes", name, {"spec": {"unschedulable": value}})


def place_apart(world: World, pairs: Sequence[tuple[str, str]]) -> None:
    """Clients in one zone, servers in the other; a Service for each server."""
    zones = ([client for client, _ in pairs], [server for _, server in pairs])
    for apps, closed in zip(zones, (NODES[2:], NODES[:2]), strict=True):
        cordon(world, closed, True)
        for app in apps:
            world.client.create(deployment(app), world.namespace)
        for app in apps:
            world.wait_until_ready(app, 2)
        cordon(world, closed, False)
    for _, server in pairs:
        world.client.create(service(server), world.namespace)


def talk(client: str, server: str, rate: float = 20) -> Object:
    """Who talks to whom, each as namespace/name, as the player's table has it."""
    return {"client": client, "server": server, "rate": rate, "pool": 8, "lifetime": 2}


def refuted(plan: Object) -> bool:
    """Whether what was measured is under half of a plan's promise by more than its own error.

    Traffic is drawn at random, and of a small plan the noise may be as large as the gain.
    """
    told = plan["status"]["verification"]
    return bool(told["measured"] + told.get("error", 0) < told["promised"] / 2)


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


def operator(world: World, server: str, *options: str) -> list[str]:
    """The command of the operator, eager, with a Lease that a namesake takes over soon."""
    return [
        *(sys.executable, "-m", "shorthaul", "operator"),
        f"--kubeconfig={world.kubeconfig(server)}",
        "--identity=operator-0",
        "--window-seconds=1",
        "--persistence-windows=1",
        "--verification-windows=1",
        "--half-life-windows=3",
        f"--landing-seconds={LANDING_SECONDS:g}",
        "--tick-seconds=0.3",
        "--retry-seconds=0.3",
        "--renew-seconds=3",
        "--lease-seconds=6",
        "--health-port=0",
        "--metrics-port=0",
        "--address=127.0.0.1",
        *options,
    ]
