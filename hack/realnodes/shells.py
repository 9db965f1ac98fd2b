"""Runs the machine's own commands, and says which one failed and why."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

LIMIT_SECONDS = 120.0


class Failed(Exception):
    """A command did not succeed; the message is one line."""


def run(
    command: Sequence[str],
    *,
    input_bytes: bytes | None = None,
    limit_seconds: float = LIMIT_SECONDS,
) -> str:
    """Run a command to its end and return what it printed."""
    try:
        done = subprocess.run(
            list(command),
            input=input_bytes,
            capture_output=True,
            timeout=limit_seconds,
            check=False,
        )
    except FileNotFoundError as error:
        raise Failed(f"there is no command {command[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"`{' '.join(command)}` took more than {limit_seconds:.0f} s") from error
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip()).decode(errors="replace")
        reason = told.splitlines() or ["no reason given"]
        raise Failed(f"`{' '.join(command)}` ended with status {done.returncode}: {reason[-1]}")
    return done.stdout.decode(errors="replace")
