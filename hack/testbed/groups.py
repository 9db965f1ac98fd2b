"""The running programs of one control plane, by name, with what fault tests do to them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from testbed import processes

POLL_SECONDS = 0.05
LAST_WORDS_LINES = 5


class NotStarted(Exception):
    """A program did not come up; the message ends with its last words."""


class PortLost(NotStarted):
    """Somebody else took a port between our picking it and the program binding it."""


class Group:
    """Programs that are started one by one and ended together."""

    def __init__(self, state: Path) -> None:
        """Take the folder where the record is kept and the logs are."""
        self._state = state
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, processes.Started] = {}

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a program and record it."""
        process = processes.start(name, command, self._log(name))
        self._running[name] = process
        self._started[name] = processes.describe(name, process.pid)
        processes.write_record(self._state, self._started.values())

    def end(self, *names: str) -> None:
        """End these programs, or all of them."""
        chosen = names or tuple(self._started)
        processes.end([self._started[name] for name in chosen])
        for name in chosen:
            self._running[name].wait()

    def kill(self, name: str) -> None:
        """End a program at once, as a crash would."""
        self._running[name].kill()
        self._running[name].wait()

    def pause(self, name: str) -> None:
        """Freeze a program: its connections stay open and nothing is answered."""
        processes.freeze(self._started[name])

    def resume(self, name: str) -> None:
        """Let a paused program go on."""
        os.kill(self.pid(name), signal.SIGCONT)

    def pid(self, name: str) -> int:
        """Return the process id of a program."""
        return self._started[name].pid

    def is_running(self, name: str) -> bool:
        """Tell whether a program runs; one that is paused does."""
        return name in self._started and processes.is_alive(self._started[name])

    def wait_for(
        self,
        condition: Callable[[], bool],
        what: str,
        *,
        needing: Sequence[str],
        timeout_seconds: float,
    ) -> None:
        """Wait until a condition holds, failing at once when a program it needs has ended."""
        deadline = time.monotonic() + timeout_seconds
        while not condition():
            for name in needing:
                if not self.is_running(name):
                    raise self._ended(name)
            if time.monotonic() > deadline:
                raise NotStarted(
                    f"no {what} after {timeout_seconds:.0f} s; logs: {self._state / 'log'}"
                )
            time.sleep(POLL_SECONDS)

    def _ended(self, name: str) -> NotStarted:
        lines = self._log(name).read_text(errors="replace").splitlines()
        last_words = "\n".join(lines[-LAST_WORDS_LINES:])
        kind = PortLost if "address already in use" in last_words else NotStarted
        return kind(f"{name} ended during start; its last words:\n{last_words}")

    def _log(self, name: str) -> Path:
        return self._state / "log" / f"{name}.log"
