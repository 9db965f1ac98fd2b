"""What `hack/demo --keep` leaves up outlives the demo, and `--stop` ends and removes all of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from testbed import clients

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "hack" / "demo"
STARTER = """
import sys, tempfile
from demoshop import stages
tempfile.tempdir = sys.argv[1]
stage = stages.make(keep=True)
stage.start()
print(stage.folder, stage.control_plane.kubeconfig)
"""

pytestmark = pytest.mark.controlplane


def stop(folder):
    command = [sys.executable, str(DEMO), "--stop", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_a_kept_demo_is_up_after_its_starter_has_ended_until_it_is_stopped(
    control_plane_programs, tmp_path
):
    started = subprocess.run(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "hack")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert started.returncode == 0, started.stderr
    folder, kubeconfig = map(Path, started.stdout.split())
    client = clients.from_kubeconfig(kubeconfig)
    try:
        was_up = client.is_ready() and client.exists("namespaces", "default")
    finally:
        ended = stop(folder)

    assert was_up
    assert ended.returncode == 0, ended.stderr
    assert f"ended 5 processes and removed {folder}" in ended.stdout
    assert not client.is_ready()
    assert list(tmp_path.iterdir()) == []
