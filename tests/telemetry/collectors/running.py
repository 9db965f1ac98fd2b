"""A collector process on loopback, as a user runs it; its records and its metrics."""

import gzip
import json
import signal
import socket
import time
import urllib.request
from collections import Counter

from benchmarks.collector_processes import CollectorProcess
from testbed import ports

WAIT_SECONDS = 120


class Running(CollectorProcess):
    """Started by `with`; `stop` gives the records that it wrote."""

    def __init__(self, folder, *options, spool=False, address="127.0.0.1", serve_port=0):
        self.out, self.spool = folder / "records.jsonl", folder / "spool"
        self.tcp_port, self.serve_port, metrics_port = ports.pick(3)
        self.serve_port = serve_port or self.serve_port
        where = ("--out", self.out)
        if spool:
            where = ("--spool", self.spool, "--serve-port", self.serve_port)
        given = "--tcp-port", self.tcp_port, *where, "--flush-seconds", 0.1, *options
        super().__init__(folder, *map(str, given), metrics_port=metrics_port, address=address)

    def send(self, *messages, port=0, source="127.0.0.1"):
        """Sends datagrams from one port."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((source, port))
            for message in messages:
                sender.sendto(message, (self.address, self.udp_port))

    def windows(self):
        """What it lists of its spool."""
        with urllib.request.urlopen(f"http://{self.address}:{self.serve_port}/windows") as answer:
            return json.load(answer)

    def window(self, start):
        """The records of one window."""
        return [line for line in self.lines(start) if "numbers" not in line]

    def lines(self, start):
        """All that one window tells: records, and numbers of exporters."""
        where = f"http://{self.address}:{self.serve_port}/windows/{start}"
        with urllib.request.urlopen(where) as answer:
            lines = gzip.decompress(answer.read()).splitlines()
        return [json.loads(line) for line in lines]

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
