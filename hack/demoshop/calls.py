"""Runs the programs that the demo needs once: helm, kubectl, kind."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class CallFailed(Exception):
    """A program ended with an error or took too long; the message is what it said."""


def call(command: Sequence[str], environment: Mapping[str, str], timeout_seconds: float) -> str:
    """Run a program to its end and return what it printed."""
    what = f"{Path(command[0]).name} {' '.join(command[1:3])}"
    try:
        answer = subprocess.run(
            list(command),
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        words = (error.stderr or error.stdout or "").strip()
        raise CallFailed(f"{what}: {words}") from error
    except subprocess.TimeoutExpired as error:
        raise CallFailed(f"{what}: not done after {timeout_seconds:.0f} s") from error
    return answer.stdout
