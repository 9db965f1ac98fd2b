"""The whole smoke run: traffic, a narrow link, a move that is felt, and nothing left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from realnodes import bringups, needs
from testbed import binaries

pytestmark = [pytest.mark.realcluster, pytest.mark.usefixtures("real_nodes_possible")]

COMMAND = Path(__file__).parents[2] / "hack" / "realcluster"
USER_MODE = COMMAND.with_name("usermode")
LIMIT_SECONDS = 600.0


def smoke(cni: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(COMMAND), "smoke", "--cni", cni, "--name", f"whole{cni}"],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def test_traffic_over_a_narrow_link_is_felt_and_so_is_the_move() -> None:
    done = smoke("ptp")

    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1].startswith("passed in ")


def test_with_cilium_hubble_tells_the_same_flows() -> None:
    try:
        needs.check("cilium")
    except needs.Missing as error:
        pytest.skip(str(error))
    if not binaries.present(bringups.programs_for("cilium")):
        pytest.skip("Cilium is not built yet: `hack/realcluster up --cni cilium` does that")

    done = smoke("cilium")

    assert done.returncode == 0, done.stderr
    assert "a policy that leaves the client far out is enforced" in done.stderr


def test_cgroups_of_version_2_alone_will_do() -> None:
    if subprocess.run([USER_MODE, "--built"], check=False).returncode != 0:
        pytest.skip("no kernel of user mode: `hack/usermode true` builds it")

    done = subprocess.run(
        [USER_MODE, "--seconds", f"{LIMIT_SECONDS:.0f}", sys.executable, COMMAND, "smoke"],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS + 60,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].startswith("passed in ")
