"""Shorthaul's own command line as it is in this checkout, for what is done beside the cluster."""

from __future__ import annotations

import os
import subprocess
import sys

from realshop import packages


class CommandFailed(Exception):
    """The command did not end well; the message has its own words."""


def run(*arguments: str, seconds: float) -> str:
    """Return what the command printed within so many seconds."""
    done = subprocess.run(
        [sys.executable, "-m", "shorthaul", *arguments],
        env=os.environ | {"PYTHONPATH": str(packages.REPOSITORY / "operator")},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode != 0:
        raise CommandFailed(f"shorthaul {arguments[0]}: {done.stderr.strip()}")
    return done.stdout
