"""Control planes come and go, together and apart, and leave nothing behind."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from testbed import clients, connections, controlplanes, processes

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("control_plane_programs")]

STARTER = """
import sys, time
from testbed import controlplanes
plane = controlplanes.ControlPlane().start()
print(plane.state, flush=True)
time.sleep(600)
"""


def ended(started: list[processes.Started], limit_seconds: float = 10) -> bool:
    deadline = time.monotonic() + limit_seconds
    while any(processes.is_alive(process) for process in started):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def config_map(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def test_stop_leaves_no_process_and_no_state() -> None:
    with controlplanes.ControlPlane() as plane:
        started = processes.read_record(plane.state)
        state = plane.state

    assert len(started) == 5
    assert not any(processes.is_alive(process) for process in started)
    assert not state.exists()


def test_a_kept_state_has_the_logs(tmp_path: Path) -> None:
    with controlplanes.ControlPlane(state=tmp_path / "kept", keep=True):
        pass

    logs = {path.name for path in (tmp_path / "kept" / "log").iterdir()}
    assert {"etcd.log", "kube-apiserver.log", "kwok.log", "audit.log"} <= logs


def test_two_control_planes_run_side_by_side() -> None:
    planes = [controlplanes.ControlPlane(), controlplanes.ControlPlane()]
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda plane: plane.start(), planes))
        planes[0].client.create(config_map("only-here"))

        assert planes[0].server != planes[1].server
        assert planes[0].client.exists("configmaps", "only-here", "default")
        assert not planes[1].client.exists("configmaps", "only-here", "default")
    finally:
        for plane in planes:
            plane.stop()


def test_what_was_stored_survives_kills_of_the_api_server_and_of_etcd() -> None:
    with controlplanes.ControlPlane() as plane:
        server = plane.server
        plane.client.create(config_map("durable"))

        plane.kill("kube-apiserver")
        was_ready = plane.client.is_ready()
        plane.restart("kube-apiserver")
        plane.kill("etcd")
        plane.restart("etcd")

        assert not was_ready
        assert plane.server == server
        assert plane.client.exists("configmaps", "durable", "default")


def test_a_paused_api_server_answers_after_it_is_resumed() -> None:
    with controlplanes.ControlPlane() as plane:
        impatient = clients.Client(replace(plane.client.endpoint, timeout_seconds=1))

        plane.pause("kube-apiserver")
        with pytest.raises(connections.Unreachable, match="timed out"):
            impatient.get("namespaces", "default")
        plane.resume("kube-apiserver")

        plane.client.wait_for(plane.client.is_ready)


def test_nothing_lingers_when_the_starter_is_killed() -> None:
    paths = os.pathsep.join(path for path in sys.path if path)
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert starter.stdout is not None
    state = Path(starter.stdout.readline().strip())
    started = processes.read_record(state)

    starter.send_signal(signal.SIGKILL)
    starter.wait()

    assert len(started) == 5
    assert ended(started)
    deadline = time.monotonic() + 5
    while state.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not state.exists()


def test_a_program_that_refuses_its_arguments_is_told_with_its_last_words() -> None:
    plane = controlplanes.ControlPlane(extra_arguments={"kube-scheduler": ["--no-such-flag"]})

    with pytest.raises(controlplanes.groups.NotStarted, match="unknown flag: --no-such-flag"):
        plane.start()

    assert not plane.state.exists()
