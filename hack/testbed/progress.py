"""Says on standard error what takes long: one line per step, ticking where a person watches."""

from __future__ import annotations

import subprocess
import sys
import time


def wait(process: subprocess.Popen[bytes], what: str) -> int:
    """Wait for a process, telling what it does and for how long; return its exit status."""
    started = time.monotonic()
    ticking = sys.stderr.isatty()
    if not ticking:
        _print(f"{what} ...\n")
    while True:
        elapsed = time.monotonic() - started
        if ticking:
            _print(f"\r{what}: {elapsed:.0f} s ")
        try:
            status = process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
        outcome = "done" if status == 0 else f"failed with status {status}"
        elapsed = time.monotonic() - started
        _print(f"{chr(13) if ticking else ''}{what}: {outcome} in {elapsed:.0f} s\n")
        return status


def say(line: str) -> None:
    """Print one line."""
    _print(f"{line}\n")


def _print(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
