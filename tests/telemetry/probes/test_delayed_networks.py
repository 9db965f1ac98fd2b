"""Real probers over a network that takes its time: the operator's feed ranks the tiers rightly."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.probes.delayed_networks import BETWEEN_SECONDS, WITHIN_SECONDS

PROGRAM = Path(__file__).with_name("delayed_networks.py")
APART = ["unshare", "--user", "--map-root-user", "--net", "--mount", sys.executable, str(PROGRAM)]


def run(command):
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)


@pytest.fixture
def apart():
    """How to run the program; skips where namespaces or TUN devices are not to be had."""
    if any(shutil.which(name) is None for name in ("unshare", "nsenter", "ip", "mount")):
        pytest.skip("no unshare, nsenter, ip or mount on this machine")
    answer = subprocess.run(
        [*APART, "check"], check=False, capture_output=True, text=True, timeout=120
    )
    if answer.returncode:
        pytest.skip(f"no TUN device in a network namespace: {answer.stderr[-200:]}")
    return APART


def test_probers_measure_what_the_network_takes(apart):
    answer = run(apart)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)

    assert found["holds"], found
    assert found["probers"] == 6
    zone, region = found["tiers"]["zone"], found["tiers"]["region"]
    assert 2_000 * WITHIN_SECONDS <= zone < region
    assert region >= 2_000 * BETWEEN_SECONDS
    assert "not measured, so as the spec has it: rack, beyond" in found["told"]
