"""Takes a cluster down whose user died without doing so, even by SIGKILL.

As the test bed's guard: a small process that reads from a pipe which the kernel closes when the
user is gone. It is for clusters in a `with` block; what the command `up` leaves is meant to stay.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from realnodes import leftovers


def start(name: str) -> subprocess.Popen[bytes]:
    """Start a guard; `testbed.guards.release` lets it go after the cluster was taken down."""
    return subprocess.Popen(
        [sys.executable, "-m", "realnodes.guards", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        start_new_session=True,
    )


def main() -> None:
    """Wait until the user is gone, then take down what is left of its cluster."""
    sys.stdin.buffer.read()
    leftovers.take_down(sys.argv[1])


if __name__ == "__main__":
    main()
