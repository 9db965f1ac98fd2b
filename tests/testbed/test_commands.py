"""`hack/controlplane` starts one control plane that stays up, and ends it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from testbed import clients, processes

SCRIPT = Path(__file__).parents[2] / "hack" / "controlplane"


def run(state_home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        check=False,
        text=True,
        env=os.environ | {"XDG_STATE_HOME": str(state_home)},
    )


@pytest.mark.controlplane
@pytest.mark.usefixtures("control_plane_programs")
def test_up_stays_up_until_down(tmp_path: Path) -> None:
    up = run(tmp_path, "up", "--nodes", "3")
    try:
        again = run(tmp_path, "up")
        status = run(tmp_path, "status")
        kubeconfig = Path(run(tmp_path, "kubeconfig").stdout.strip())
        started = processes.read_record(kubeconfig.parent)
        node_count = len(clients.from_kubeconfig(kubeconfig).list("nodes"))
    finally:
        down = run(tmp_path, "down")

    assert up.returncode == 0, up.stderr
    assert f"export KUBECONFIG={kubeconfig}" in up.stdout
    assert "already up" in again.stderr
    assert "API server\tready" in status.stdout
    assert node_count == 3
    assert "ended 5 processes" in down.stderr
    assert not any(processes.is_alive(process) for process in started)
    assert not kubeconfig.parent.exists()


def test_status_without_a_control_plane_is_one_line(tmp_path: Path) -> None:
    status = run(tmp_path, "status")

    assert status.returncode == 1
    assert status.stderr == "controlplane: not up\n"


@pytest.mark.parametrize("command", ["build", "up", "down", "status", "kubeconfig"])
def test_help_names_every_command(tmp_path: Path, command: str) -> None:
    assert f"    {command}" in run(tmp_path, "--help").stdout
