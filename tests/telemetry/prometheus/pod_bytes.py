"""An exporter's counters of bytes between pods, which follow the pods that there are.

Each pair of workloads has a rate in bytes/s; it is spread evenly over the pairs of pods that are
there at the moment, and counters of pods that have gone stay as they are, as an agent's do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from telemetry.prometheus.servers import Prometheus

METRIC = "obi_network_flow_bytes_total"
STEP_SECONDS = 0.5


@dataclass
class PodBytes:
    """Counts, in a thread, from `with` on."""

    namespace: str
    pods: Callable[[str], Sequence[str]]
    prometheus: Prometheus
    rates: Mapping[tuple[str, str], float]
    counters: dict[tuple[str, str], float] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> PodBytes:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        before = time.monotonic()
        while not self._ended.wait(STEP_SECONDS):
            now = time.monotonic()
            self._count(now - before)
            before = now
            self.prometheus.exporters[0].tell(map(self._series, sorted(self.counters)))

    def _count(self, seconds: float) -> None:
        pods = {app: self.pods(app) for app in {app for ends in self.rates for app in ends}}
        for (client, server), rate in self.rates.items():
            pairs = [(one, other) for one in pods[client] for other in pods[server]]
            for pair in pairs:
                grown = rate * seconds / len(pairs)
                self.counters[pair] = self.counters.get(pair, 0.0) + grown

    def _series(self, pair: tuple[str, str]) -> tuple[str, str, dict[str, str], float]:
        source, destination = pair
        labels = {
            "k8s_src_namespace": self.namespace,
            "k8s_src_name": source,
            "k8s_dst_namespace": self.namespace,
            "k8s_dst_name": destination,
        }
        return METRIC, "counter", labels, self.counters[pair]
