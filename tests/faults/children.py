"""The operator, or a driver of its executor, as a process that tests kill and start again."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from faults.fault_worlds import REPOSITORY


class Child:
    """One command, and what it has printed so far."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "operator")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def kill(self) -> None:
        """End it at once, as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Make sure that it does not run any more."""
        if self.is_running:
            self.kill()

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout_seconds: float) -> int:
        assert self._process is not None
        return self._process.wait(timeout_seconds)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def lives(self, seconds: float) -> bool:
        """Whether it still runs after a time; returns at once when it ends."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.is_running

    def text(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def wait_for_text(self, text: str, timeout_seconds: float = 30.0) -> None:
        deadline = time.monotonic() + timeout_seconds
        while text not in self.text():
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.text()}"
            time.sleep(0.05)
