"""How the program `delayed_networks.py` is run apart from this machine's network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("delayed_networks.py")
SPACES = ("--user", "--map-root-user", "--net", "--mount")
CHECK_SECONDS = 120


def apart() -> list[str]:
    """The command; skips the test where namespaces or TUN devices are not to be had."""
    if any(shutil.which(name) is None for name in ("unshare", "nsenter", "ip", "mount")):
        pytest.skip("no unshare, nsenter, ip or mount on this machine")
    command = ["unshare", *SPACES, sys.executable, str(PROGRAM)]
    answer = subprocess.run(
        [*command, "check"], check=False, capture_output=True, text=True, timeout=CHECK_SECONDS
    )
    if answer.returncode:
        pytest.skip(f"no TUN device in a network namespace: {answer.stderr[-200:]}")
    return command
