"""A real collector process on loopback, started by `with`, and its counts as a scrape has them."""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from shorthaul.errors import BadInput
from testbed import ports

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
_PREFIX = "shorthaul_netflow_"


class CollectorProcess:
    """The collector as a user runs it, keeping nothing; ended with the block."""

    def __init__(self) -> None:
        [self._metrics_port] = ports.pick(1)
        self._folder = tempfile.TemporaryDirectory(prefix="shorthaul-soak-")
        self._log = Path(self._folder.name) / "collector.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.udp_port = 0

    def __enter__(self) -> "CollectorProcess":
        command = [sys.executable, "-m", "shorthaul", "collector", "--address", "127.0.0.1"]
        command += ["--udp-port", "0", "--tcp-port", "0", "--flush-seconds", "0.2"]
        command += ["--metrics-port", str(self._metrics_port)]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "operator")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stderr=log, env=environment)
        self.udp_port = self._listening(self._process)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def counts(self) -> Mapping[str, int]:
        """All counts of the latest snapshot, by name and labels as they are written."""
        address = f"http://127.0.0.1:{self._metrics_port}/metrics"
        with urllib.request.urlopen(address, timeout=60) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line.startswith(_PREFIX))
        return {name.removeprefix(_PREFIX): int(float(value)) for name, value in pairs}

    def _listening(self, process: "subprocess.Popen[bytes]") -> int:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            found = re.search(r"UDP (\d+)", self._log.read_text())
            if found:
                return int(found[1])
            time.sleep(0.05)
        told = self._log.read_text().strip().splitlines()
        self.__exit__(None, None, None)
        raise BadInput(f"the collector does not start: {told[-1] if told else 'it says nothing'}")
