"""A device that sees bytes go by between pods' addresses, and exports them as IPFIX.

Who is there is looked up in a thread of its own, so that exports are in time however long it takes;
a pod is touched each time, so that the watch of pods is as lively as in a cluster at work.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from process.stages import Shop
from telemetry import pod_traffic
from telemetry.netflow import packets
from testbed import connections


@contextlib.contextmanager
def exporting(shop: Shop, port: int, rates: pod_traffic.Rates) -> Iterator[PodFlows]:
    """Export to a UDP port, in a thread, until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        flows = PodFlows(shop, sender, port, rates)
        flows.look()
        with (
            pod_traffic.playing(lambda _: flows.look()),
            pod_traffic.playing(flows.step),
        ):
            yield flows


@dataclass
class PodFlows:
    """What is exported, and how much of it was."""

    shop: Shop
    sender: socket.socket
    port: int
    rates: pod_traffic.Rates
    records: int = 0
    sent_bytes: int = 0
    _silent: bool = False
    _sending: threading.Lock = field(default_factory=threading.Lock)
    _addresses: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def silence(self) -> int:
        """Export no more, and tell how many bytes were; pods are touched on."""
        with self._sending:
            self._silent = True
            return self.sent_bytes

    def look(self) -> None:
        """See who is there, by address, and touch one of them."""
        ready = {app: self.shop.ready_pods(app) for app in pod_traffic.workloads(self.rates)}
        self._addresses = {
            app: [str(pod["status"]["podIP"]) for pod in pods if pod["status"].get("podIP")]
            for app, pods in ready.items()
        }
        for pod in sorted(pod["metadata"]["name"] for pods in ready.values() for pod in pods)[:1]:
            touch = {"metadata": {"annotations": {"example.com/touched": str(time.time())}}}
            with contextlib.suppress(connections.ApiError):  # It may have gone meanwhile.
                self.shop.client.patch("pods", pod, touch, self.shop.namespace)

    def step(self, seconds: float) -> None:
        """Export what so many seconds come to."""
        with self._sending:
            if not self._silent:
                self._export(seconds)

    def _export(self, seconds: float) -> None:
        rows = []
        for one, other, size in pod_traffic.shares(self.rates, self._addresses, seconds):
            self.sent_bytes += round(size)
            rows.append(packets.flow4(round(size), 1, one, other, ports=(40_000, 8_080)))
        if rows:
            sets = packets.template(256, packets.FLOW4), packets.data_set(256, b"".join(rows))
            message = packets.message10(*sets, sequence=self.records, seconds=int(time.time()))
            self.sender.sendto(message, ("127.0.0.1", self.port))
            self.records += len(rows)
