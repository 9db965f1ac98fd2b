"""A device that sees bytes go by between pods' addresses, and exports them as IPFIX.

Each pair of workloads has a rate in bytes/s, spread evenly over the pairs of pods that are there.
A pod is touched with each export, so that the watch of pods is as lively as in a cluster at work.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from process.stages import Shop
from telemetry.netflow import packets

STEP_SECONDS = 0.5


@dataclass
class PodFlows:
    """Exports to a UDP port, in a thread, from `with` on."""

    shop: Shop
    port: int
    rates: Mapping[tuple[str, str], float]
    sent_bytes: int = 0
    records: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> PodFlows:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        before = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.1", 0))
            while not self._ended.wait(STEP_SECONDS):
                now = time.monotonic()
                self._export(sender, now - before)
                before = now

    def _export(self, sender: socket.socket, seconds: float) -> None:
        pods = {
            app: [pod for pod in self.shop.ready_pods(app) if pod["status"].get("podIP")]
            for app in {app for ends in self.rates for app in ends}
        }
        rows = []
        for (client, server), rate in self.rates.items():
            pairs = [(one, other) for one in pods[client] for other in pods[server]]
            for one, other in pairs:
                size = round(rate * seconds / len(pairs))
                self.sent_bytes += size
                ends = str(one["status"]["podIP"]), str(other["status"]["podIP"])
                rows.append(packets.flow4(size, 1, *ends, ports=(40_000, 8_080)))
        if rows:
            sets = packets.template(256, packets.FLOW4), packets.data_set(256, b"".join(rows))
            message = packets.message10(*sets, sequence=self.records, seconds=int(time.time()))
            sender.sendto(message, ("127.0.0.1", self.port))
            self.records += len(rows)
        for pod in next(iter(pods.values()))[:1]:
            touch = {"metadata": {"annotations": {"example.com/touched": str(time.time())}}}
            self.shop.client.patch("pods", pod["metadata"]["name"], touch, self.shop.namespace)
