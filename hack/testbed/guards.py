"""Ends a control plane whose starter died without doing so, even by SIGKILL.

The guard is a small process that holds the reading end of a pipe. The kernel closes the writing
end when the starter is gone, whatever ended it. (The kernel's own parent-death signal is of no use
here: it fires when the *thread* that started the child ends.)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from testbed import processes


def start(state: Path, *, keep: bool) -> subprocess.Popen[bytes]:
    """Start a guard; it acts when the returned process's standard input is closed."""
    arguments = [str(state), *(["--keep"] if keep else [])]
    return subprocess.Popen(
        [sys.executable, "-m", "testbed.guards", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        start_new_session=True,
    )


def release(guard: subprocess.Popen[bytes]) -> None:
    """Let a guard go after everything was ended; it finds nothing left to do."""
    if guard.stdin is not None:
        guard.stdin.close()
    guard.wait()


def take_down(state: Path, *, keep: bool) -> int:
    """End the recorded processes of a state folder and remove it; return how many ran."""
    running = [process for process in processes.read_record(state) if processes.is_alive(process)]
    processes.end(running)
    if not keep:
        shutil.rmtree(state, ignore_errors=True)
    return len(running)


def main() -> None:
    """Wait until the starter is gone, then clean up after it."""
    sys.stdin.buffer.read()
    take_down(Path(sys.argv[1]), keep="--keep" in sys.argv[2:])


if __name__ == "__main__":
    main()
