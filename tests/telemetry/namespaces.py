"""Commands in the network namespace of a process that holds one."""

from __future__ import annotations

import subprocess


def run(*words: str, within: int | None = None) -> str:
    """What a command in a namespace prints."""
    command = [*entering(within), *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def entering(space: int | None) -> list[str]:
    """What goes before a command that is to run in a namespace."""
    return [] if space is None else ["nsenter", "--target", str(space), "--net"]
