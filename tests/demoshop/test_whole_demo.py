"""The whole demo, as a new user runs it: it ends well, says so, and leaves nothing but a report."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 300

pytestmark = pytest.mark.controlplane


@pytest.fixture(scope="module")
def demo(control_plane_programs, tmp_path_factory):
    """Run the demo and return its answer with the folders it was given."""
    report, temporary = tmp_path_factory.mktemp("report"), tmp_path_factory.mktemp("temporary")
    command = [sys.executable, str(ROOT / "hack" / "demo"), "--report", str(report)]
    answer = subprocess.run(
        [*command, "--patience", str(PATIENCE_SECONDS)],
        env=os.environ | {"TMPDIR": str(temporary), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE_SECONDS,
        check=False,
    )
    return answer, report, temporary


def test_it_moves_pods_brings_traffic_nearer_and_breaches_no_budget(demo):
    answer, _, _ = demo

    assert answer.returncode == 0, answer.stdout + answer.stderr
    verdict = re.search(
        r"✓ (\d+) pods moved; traffic goes (\d+) % less far; 0 breaches", answer.stdout
    )
    assert verdict is not None, answer.stdout
    assert int(verdict[1]) > 0
    assert int(verdict[2]) > 0


def test_every_eviction_was_asked_for_by_the_operators_service_account(demo):
    answer, _, _ = demo

    granted = re.search(r"evictions granted +(\d+) \((\d+) by shorthaul\)", answer.stdout)
    assert granted is not None, answer.stdout
    assert granted[1] == granted[2]


def test_a_plan_was_approved_with_kubectl(demo):
    assert "kubectl patch placementplan" in demo[0].stdout


def test_the_report_is_all_that_is_left(demo):
    _, report, temporary = demo

    assert [path.name for path in report.iterdir()] == ["shorthaul-demo-report.html"]
    assert list(temporary.glob("shorthaul-demo-*")) == []
