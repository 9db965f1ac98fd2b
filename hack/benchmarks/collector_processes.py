"""A real collector process on loopback, started by `with`, and its counts as a scrape has them."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from shorthaul.errors import BadInput
from testbed import ports

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
_PREFIX = "shorthaul_netflow_"


class CollectorProcess:
    """The collector as a user runs it, its log in a folder; ended with the block.

    Who gives it other ports picks that of the metrics too, so that all differ.
    """

    process: subprocess.Popen[bytes]
    udp_port: int

    def __init__(
        self, folder: Path, *options: str, metrics_port: int = 0, address: str = "127.0.0.1"
    ) -> None:
        self.address = address
        self.log = folder / "collector.log"
        self._metrics_port = metrics_port or ports.pick(1)[0]
        self._options = options

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "shorthaul", "collector", "--address", self.address]
        command += ["--udp-port", "0", "--metrics-port", str(self._metrics_port), *self._options]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "operator")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, env=environment)
        self.udp_port = self._listening()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def metrics(self) -> Mapping[str, float]:
        """All metrics of the latest snapshot, by name and labels as they are written."""
        where = f"http://{self.address}:{self._metrics_port}/metrics"
        with urllib.request.urlopen(where, timeout=60) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line[:1] != "#")
        return {name: float(value) for name, value in pairs}

    def counts(self) -> Mapping[str, int]:
        """The collector's own metrics of the latest snapshot, without their common prefix."""
        found = self.metrics().items()
        return {
            name.removeprefix(_PREFIX): int(value)
            for name, value in found
            if name.startswith(_PREFIX)
        }

    def cpu_seconds(self) -> float:
        """Time that the processor has spent on it, in the kernel too; Linux only."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def _listening(self) -> int:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"UDP (\d+)", self.log.read_text())
            if found:
                return int(found[1])
            time.sleep(0.05)
        told = self.log.read_text().strip().splitlines()
        self.__exit__()
        raise BadInput(f"the collector does not start: {told[-1] if told else 'it says nothing'}")
