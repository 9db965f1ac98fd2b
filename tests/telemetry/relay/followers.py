"""Reads a source again and again until something holds, and keeps what came."""

import asyncio
import time
from collections import Counter

from shorthaul.telemetry.relay.channels import Server
from shorthaul.telemetry.relay.hubble_relay import HubbleRelay

LIMIT_SECONDS = 60
PAUSE_SECONDS = 0.02


class Clock:
    """The time that a source is told; it runs, and can be set."""

    def __init__(self):
        self._ahead = 0.0

    def __call__(self):
        return time.time() + self._ahead

    def set(self, seconds):
        self._ahead = seconds - time.time()


class Follower:
    """A source and all that it gave."""

    def __init__(self, address, folder="", name="", places=tuple):
        self.clock = Clock()
        server = Server(address, str(folder), name)
        self.source = HubbleRelay(server, kept_seconds=1800, clock=self.clock, places=places)
        self.flows, self.anchored, self.lost = [], [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.source.close()

    def until(self, condition):
        """The first reading for which a condition holds."""
        end = time.monotonic() + LIMIT_SECONDS
        while True:
            reading = asyncio.run(self.source.read())
            self.flows += reading.flows
            self.anchored += reading.anchored
            self.lost += reading.lost
            if condition(reading):
                return reading
            assert time.monotonic() < end, (len(self.flows), reading)
            time.sleep(PAUSE_SECONDS)

    def until_came(self, count):
        """The reading with which so many flows have come."""
        return self.until(lambda _: len(self.flows) >= count)

    def until_connected(self, *nodes):
        """The reading with which just these nodes are connected and nothing is waited for."""
        return self.until(
            lambda reading: reading.caught_up and reading.coverage.connected == set(nodes)
        )

    @property
    def reports(self):
        """The keys of the flows that came, with how often each did."""
        return Counter(flow.key for flow in self.flows)
