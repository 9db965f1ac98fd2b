"""A collector process on loopback, as a user runs it; its records and its metrics."""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

from testbed import ports

ROOT = Path(__file__).resolve().parents[3]
WAIT_SECONDS = 120


class Running:
    """Started by `with`; `stop` gives the records that it wrote."""

    def __init__(self, folder, *options, spool=False):
        self.out, self.log = folder / "records.jsonl", folder / "collector.log"
        self.spool = folder / "spool"
        self.tcp_port, self.metrics_port, self.serve_port = ports.pick(3)
        command = [sys.executable, "-m", "shorthaul", "collector", "--address", "127.0.0.1"]
        command += ["--udp-port", "0", "--tcp-port", str(self.tcp_port)]
        if spool:
            command += ["--spool", str(self.spool), "--serve-port", str(self.serve_port)]
        else:
            command += ["--out", str(self.out)]
        command += ["--metrics-port", str(self.metrics_port), "--flush-seconds", "0.1", *options]
        self._command = command

    def __enter__(self):
        environment = os.environ | {"PYTHONPATH": str(ROOT / "operator")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self._command, stderr=log, env=environment)
        self.udp_port = int(self._wait_for(r"UDP (\d+)"))
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()

    def _wait_for(self, pattern):
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(pattern, self.log.read_text())
            if found:
                return found[1]
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def send(self, *messages, port=0):
        """Sends datagrams from one port."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.1", port))
            for message in messages:
                sender.sendto(message, ("127.0.0.1", self.udp_port))

    def windows(self):
        """What it lists of its spool."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.serve_port}/windows") as answer:
            return json.load(answer)

    def window(self, start):
        """The records of one window."""
        where = f"http://127.0.0.1:{self.serve_port}/windows/{start}"
        with urllib.request.urlopen(where) as answer:
            lines = gzip.decompress(answer.read()).splitlines()
        return [json.loads(line) for line in lines]

    def metrics(self):
        """The metrics now, by name and labels as they are written."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return {
            name: float(value)
            for name, value in (line.rsplit(" ", 1) for line in lines if line[:1] != "#")
        }

    def wait_until(self, name, value):
        """Waits for a metric to reach a value."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            now = self.metrics()
            if now.get(name, 0) >= value:
                return now
            time.sleep(0.1)
        raise AssertionError((name, value, self.metrics()))

    def stop(self):
        """Ends it as Kubernetes does; the records that it wrote."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(WAIT_SECONDS) == 0, self.log.read_text()
        if not self.out.exists():
            return []
        return [json.loads(line) for line in self.out.read_text().splitlines()]


def by_pair(records):
    """Bytes and packets by source, destination, protocol and ports."""
    sums = Counter()
    for record in records:
        key = record["source"], record["destination"], record["protocol"]
        key += record["source_port"], record["destination_port"]
        sums[key, "bytes"] += record["bytes"]
        sums[key, "packets"] += record["packets"]
    return sums
