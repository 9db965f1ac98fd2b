"""Killed while it brings a cluster up, the command leaves nothing that `down` does not find."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from realnodes import leftovers

pytestmark = [pytest.mark.realcluster, pytest.mark.usefixtures("real_nodes_possible")]

COMMAND = Path(__file__).parents[2] / "hack" / "realcluster"
NAME = "killed"
# Each is a line that the command prints when it has come so far; it is killed soon after.
STAGES = ("network", "containerd on every node", "control plane", "nodes ready")
LIMIT_SECONDS = 120.0


def realcluster(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(COMMAND), *arguments, "--name", NAME],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def killed_after(stage: str) -> None:
    """Bring a cluster up and kill the command when it has come to a stage."""
    command = [sys.executable, str(COMMAND), "up", "--nodes", "2", "--name", NAME]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.rstrip().endswith(stage):
                break
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.stderr.read()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("stage", STAGES)
def test_down_leaves_nothing_of_a_command_killed_after(stage: str) -> None:
    killed_after(stage)
    left = leftovers.remains(NAME)

    ended = realcluster("down")

    assert any(one.startswith("network namespace") for one in left)
    assert ended.returncode == 0
    assert leftovers.remains(NAME) == []


def test_a_cluster_in_part_is_not_taken_for_one_and_its_name_comes_free() -> None:
    killed_after("network")

    again = realcluster("up", "--nodes", "1", "--racks", "1")
    status = realcluster("status")
    realcluster("down")

    assert again.returncode == 1
    assert again.stderr == (
        f"realcluster: cluster {NAME} is there already, whole or in part; `down` removes it\n"
    )
    assert status.returncode == 1
    assert f"cluster {NAME} is not up" in status.stderr
    assert leftovers.remains(NAME) == []


def test_without_its_record_a_cluster_is_found_by_its_name(tmp_path: Path) -> None:
    killed_after("control plane")
    (leftovers.state_of(NAME) / "processes.json").unlink()

    realcluster("down")

    assert leftovers.remains(NAME) == []


def test_a_cluster_in_a_block_goes_with_its_process() -> None:
    script = (
        "import time\n"
        "from realnodes import clusters\n"
        f"with clusters.up(nodes=1, racks=1, name={NAME!r}):\n"
        "    print('inside', flush=True)\n"
        "    time.sleep(600)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(COMMAND.parent)}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"inside\n"
        process.kill()
    deadline = time.monotonic() + LIMIT_SECONDS

    while leftovers.remains(NAME) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert leftovers.remains(NAME) == []
