"""A device that sees bytes go by between pods' addresses, and exports them as IPFIX.

A pod is touched with each export, so that the watch of pods is as lively as in a cluster at work.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from process.stages import Shop
from telemetry import pod_traffic
from telemetry.netflow import packets


@contextlib.contextmanager
def exporting(shop: Shop, port: int, rates: pod_traffic.Rates) -> Iterator[None]:
    """Export to a UDP port, in a thread, until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        with pod_traffic.playing(_PodFlows(shop, sender, port, rates).step):
            yield


@dataclass
class _PodFlows:
    shop: Shop
    sender: socket.socket
    port: int
    rates: pod_traffic.Rates
    records: int = 0

    def step(self, seconds: float) -> None:
        pods = {
            app: [pod for pod in self.shop.ready_pods(app) if pod["status"].get("podIP")]
            for app in pod_traffic.workloads(self.rates)
        }
        rows = []
        for one, other, size in pod_traffic.shares(self.rates, pods, seconds):
            ends = str(one["status"]["podIP"]), str(other["status"]["podIP"])
            rows.append(packets.flow4(round(size), 1, *ends, ports=(40_000, 8_080)))
        if rows:
            sets = packets.template(256, packets.FLOW4), packets.data_set(256, b"".join(rows))
            message = packets.message10(*sets, sequence=self.records, seconds=int(time.time()))
            self.sender.sendto(message, ("127.0.0.1", self.port))
            self.records += len(rows)
        for pod in next(iter(pods.values()))[:1]:
            touch = {"metadata": {"annotations": {"example.com/touched": str(time.time())}}}
            self.shop.client.patch("pods", pod["metadata"]["name"], touch, self.shop.namespace)
