"""Starts and ends the programs of a control plane, and remembers which ones are ours.

A process is known by its id and its birth, since ids are used again. The record is a file in the
state folder, so that a guard or a later command can end what its starter left behind. Linux only:
the birth is read from /proc.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RECORD_NAME = "processes.json"
GRACE_SECONDS = 1.0
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Started:
    """A process that we started; `birth` is its start time in clock ticks since boot."""

    name: str
    pid: int
    birth: str


def start(name: str, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program in its own session, so that an interrupt at the terminal spares it."""
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def describe(name: str, pid: int) -> Started:
    """Return what identifies a process that was just started."""
    return Started(name, pid, _birth(pid) or "gone")


def is_alive(process: Started) -> bool:
    """Tell whether that very process still runs; a zombie does not."""
    return _birth(process.pid) == process.birth


def freeze(process: Started) -> None:
    """Stop a process from running and return when it no longer does, which takes a moment."""
    os.kill(process.pid, signal.SIGSTOP)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and _status_fields(process.pid)[:1] != ["T"]:
        time.sleep(POLL_SECONDS)


def end(started: Iterable[Started], grace_seconds: float = GRACE_SECONDS) -> None:
    """Ask all to stop, then kill those that have not within the grace."""
    remaining = [process for process in started if is_alive(process)]
    _signal_all(remaining, signal.SIGTERM)
    _signal_all(remaining, signal.SIGCONT)
    if not _wait_for_end(remaining, grace_seconds):
        _signal_all(remaining, signal.SIGKILL)
        _wait_for_end(remaining, grace_seconds)


def write_record(state: Path, started: Iterable[Started]) -> None:
    """Write which processes belong to a state folder."""
    draft = state / f"{RECORD_NAME}.draft"
    draft.write_text(json.dumps([asdict(process) for process in started], indent=1))
    draft.replace(state / RECORD_NAME)


def read_record(state: Path) -> list[Started]:
    """Return the processes of a state folder; none if it is gone."""
    try:
        text = (state / RECORD_NAME).read_text()
    except FileNotFoundError:
        return []
    return [Started(**fields) for fields in json.loads(text)]


def _signal_all(started: Iterable[Started], number: signal.Signals) -> None:
    for process in started:
        if is_alive(process):
            try:
                os.kill(process.pid, number)
            except ProcessLookupError:
                continue


def _wait_for_end(started: Sequence[Started], limit_seconds: float) -> bool:
    deadline = time.monotonic() + limit_seconds
    while any(is_alive(process) for process in started):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _birth(pid: int) -> str | None:
    fields = _status_fields(pid)
    return None if not fields or fields[0] in "ZX" else fields[19]


def _status_fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on; the second may hold anything."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()
