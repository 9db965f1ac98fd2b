"""Three collectors on loopback that share exporters, and exporters that send to any of them."""

import contextlib
import random
import socket
import time

from shorthaul.telemetry.collectors.shards import first_two
from telemetry.collectors.running import Running
from telemetry.netflow import packets as p
from testbed import ports

NAMES = ("one", "two", "three")
WAIT_SECONDS = 60
MEMBERS = "shorthaul_netflow_members"


class Sharing:
    """The collectors by name, all with the same ports at addresses of their own."""

    def __init__(self, folder, *options, spool=True, tls=None):
        self._folder, self._options, self._spool = folder, options, spool
        self._tls = tls or {}
        self.serve_port, self.peer_port = ports.pick(2)
        self._stack = contextlib.ExitStack()
        self.running = {}

    def __enter__(self):
        for name in NAMES:
            self.start(name)
        self.settle(3)
        return self

    def __exit__(self, *_):
        self._stack.close()

    def start(self, name):
        """Starts one, upon the folder that it had."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        peers = [
            word
            for number in range(len(NAMES))
            for word in ("--peer", f"127.0.0.{number + 1}:{self.peer_port}")
        ]
        options = [*peers, "--peer-port", self.peer_port, "--peer-name", name, *self._options]
        if name in self._tls:
            options += ["--peer-tls", self._tls[name]]
        address = f"127.0.0.{NAMES.index(name) + 1}"
        made = Running(
            folder, *options, spool=self._spool, address=address, serve_port=self.serve_port
        )
        self.running[name] = self._stack.enter_context(made)

    def kill(self, name):
        """Ends one as the kernel does that has no memory left."""
        gone = self.running.pop(name)
        gone.process.kill()
        gone.process.wait()
        return gone

    def settle(self, number):
        """Waits until all that run see each other."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            if {each.metrics()[MEMBERS] for each in self.running.values()} == {number}:
                return
            time.sleep(0.1)
        raise AssertionError([each.metrics()[MEMBERS] for each in self.running.values()])

    def owner(self, address):
        """Whose an exporter is now."""
        return first_two(self.running, address)[0]

    def misled(self, exporter, messages=50):
        """Has an exporter send to one that is not its owner, until that has all; its owner."""
        own = self.owner(exporter.address)
        wrong = next(name for name in self.running if name != own)
        exporter.open(self.running[wrong])
        for _ in range(messages):
            exporter.send(self.running[wrong])
        self.running[own].wait_until("shorthaul_netflow_flows_total", exporter.sent)
        return own

    def count(self, name):
        """One metric over all that run."""
        return sum(
            each.metrics().get(f"shorthaul_netflow_{name}", 0) for each in self.running.values()
        )


class Exporter:
    """Sends IPFIX from an address of its own; each record's bytes are a number of their own."""

    def __init__(self, number):
        self.address = f"127.0.1.{number}"
        self.ends = f"10.1.{number}.1", f"10.2.{number}.1"
        self.sent, self._next = 0, number * 1_000_000
        self._chance = random.Random(number)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.address, 0))

    def open(self, to):
        """Sends its template, once: who has not got it from there has to be taught."""
        self._send(to, p.template(256, p.FLOW4), units=0)

    def send(self, to):
        """Sends a few records in one message."""
        units = self._chance.randrange(1, 20)
        source, destination = self.ends
        records = []
        for _ in range(units):
            self._next += 1
            records.append(p.flow4(self._next, 1, source, destination))
        self._send(to, p.data_set(256, b"".join(records)), units=units)

    def close(self):
        self._socket.close()

    def _send(self, to, content, units):
        message = p.message10(content, sequence=self.sent, seconds=int(time.time()))
        self.sent += units
        self._socket.sendto(message, (to.address, to.udp_port))
