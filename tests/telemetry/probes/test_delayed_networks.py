"""Real probers over a network that takes its time: the operator's feed ranks the tiers rightly."""

import json
import subprocess

from telemetry.probes import programs
from telemetry.probes.delayed_networks import BETWEEN_SECONDS, WITHIN_SECONDS


def run(command):
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)


def test_probers_measure_what_the_network_takes():
    answer = run(programs.apart())
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)

    assert found["holds"], found
    assert found["probers"] == 6
    zone, region = found["tiers"]["zone"], found["tiers"]["region"]
    assert 2_000 * WITHIN_SECONDS <= zone < region
    assert region >= 2_000 * BETWEEN_SECONDS
    assert "not measured, so as the spec has it: rack, beyond" in found["told"]
