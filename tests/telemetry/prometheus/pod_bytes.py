"""An exporter's counters of bytes between pods, which follow the pods that there are.

Counters of pods that have gone stay as they are, as an agent's do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from telemetry import pod_traffic
from telemetry.prometheus.servers import Prometheus

METRIC = "obi_network_flow_bytes_total"


def counting(
    namespace: str,
    pods: Callable[[str], Sequence[str]],
    prometheus: Prometheus,
    rates: pod_traffic.Rates,
) -> AbstractContextManager[None]:
    """Count, in a thread, until the block ends."""
    return pod_traffic.playing(_PodBytes(namespace, pods, prometheus, rates).step)


@dataclass
class _PodBytes:
    namespace: str
    pods: Callable[[str], Sequence[str]]
    prometheus: Prometheus
    rates: pod_traffic.Rates
    counters: dict[tuple[str, str], float] = field(default_factory=dict)

    def step(self, seconds: float) -> None:
        pods = {app: self.pods(app) for app in pod_traffic.workloads(self.rates)}
        for source, destination, size in pod_traffic.shares(self.rates, pods, seconds):
            pair = source, destination
            self.counters[pair] = self.counters.get(pair, 0.0) + size
        self.prometheus.exporters[0].tell(map(self._series, sorted(self.counters)))

    def _series(self, pair: tuple[str, str]) -> tuple[str, str, dict[str, str], float]:
        source, destination = pair
        labels = {
            "k8s_src_namespace": self.namespace,
            "k8s_src_name": source,
            "k8s_dst_namespace": self.namespace,
            "k8s_dst_name": destination,
        }
        return METRIC, "counter", labels, self.counters[pair]
