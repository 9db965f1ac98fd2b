"""A real Prometheus that scrapes real exporters, each a process of its own."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from shorthaul.telemetry.prometheus.clients import Engine, Server
from testbed import debian, ports, processes

LIMIT_SECONDS = 60
POLL_SECONDS = 0.05
EXPORTER = Path(__file__).with_name("exporter.py")


class Exporter:
    """A process that shows the series that it is told."""

    def __init__(self, port):
        self.port = port
        self.series = []
        self._process = None

    def start(self):
        self._process = subprocess.Popen(
            [sys.executable, str(EXPORTER), str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline() == "ready\n"

    def tell(self, series):
        self.series = list(series)
        self._process.stdin.write(json.dumps(self.series) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "told\n"

    def stop(self):
        self._process.kill()
        self._process.wait(timeout=LIMIT_SECONDS)
        self._process.stdin.close()
        self._process.stdout.close()


class Prometheus:
    """A server that scrapes two exporters every second, or as often as is said."""

    def __init__(self, program, folder, scrape_interval="1s"):
        port, *others = ports.pick(3)
        self.url = f"http://127.0.0.1:{port}"
        self.exporters = [Exporter(each) for each in others]
        self._folder, self._port, self._program = folder, port, program
        self._scrape_interval = scrape_interval
        self._process = None

    def __enter__(self):
        for exporter in self.exporters:
            exporter.start()
        targets = [f"127.0.0.1:{exporter.port}" for exporter in self.exporters]
        config = self._folder / "prometheus.yml"
        job = {"job_name": "shown", "static_configs": [{"targets": targets}]}
        settings = {"global": {"scrape_interval": self._scrape_interval}, "scrape_configs": [job]}
        config.write_text(json.dumps(settings))  # JSON is YAML
        command = [
            self._program,
            f"--config.file={config}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
        ]
        self._process = processes.start("prometheus", command, self._folder / "log")
        wait_until(self._is_ready)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(timeout=LIMIT_SECONDS)
        for exporter in self.exporters:
            exporter.stop()

    def ask(self, query, at_seconds=None):
        """The rows of an instant query, by the client under test."""
        engine = Engine(Server(self.url))
        try:
            return engine.ask(query, at_seconds or int(time.time()) + 1)
        finally:
            engine.close()

    def show(self, *series):
        """Tells each exporter its series; the second from which on all queries see them."""
        self._generation = getattr(self, "_generation", 0) + 1
        mark = ("shown_generation", "gauge", {}, self._generation)
        for exporter, its in zip(self.exporters, series, strict=True):
            exporter.tell([*its, mark])
        wait_until(self._has_scraped)
        moment = int(time.time()) + 1
        wait_until(lambda: time.time() > moment)
        return moment

    def _has_scraped(self):
        rows = self.ask(f"shown_generation == {self._generation}").rows
        return len(rows) == len(self.exporters)

    def _is_ready(self):
        assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False


def wait_until(holds):
    """Asks again and again."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(POLL_SECONDS)


@contextlib.contextmanager
def running_prometheus(folder, scrape_interval="1s"):
    """A Prometheus with two exporters that show nothing yet; without its program, a skip."""
    try:
        program = debian.programs(("prometheus",), ("prometheus",)).path("prometheus")
    except debian.Unavailable as error:
        pytest.skip(str(error))
    with Prometheus(program, folder, scrape_interval) as running:
        yield running
