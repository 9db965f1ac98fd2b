"""An exporter's counters of bytes between pods, which follow the pods that there are.

Counters of pods that have gone stay as they are, as an agent's do. They grow in steps much shorter
than the time between scrapes: `increase` draws what it saw out to the window's ends, and would draw
out a step too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from telemetry import pod_traffic
from telemetry.prometheus.servers import Prometheus

METRIC = "obi_network_flow_bytes_total"

STEP_SECONDS = 0.05


@contextlib.contextmanager
def counting(
    namespace: str,
    pods: Callable[[str], Sequence[str]],
    prometheus: Prometheus,
    rates: pod_traffic.Rates,
) -> Iterator[None]:
    """Count, in a thread, until the block ends; another asks who there is, as it may wait."""
    counters = _PodBytes(namespace, pods, prometheus, rates)
    counters.look()
    with (
        pod_traffic.playing(lambda _: counters.look()),
        pod_traffic.playing(counters.step, STEP_SECONDS),
    ):
        yield


@dataclass
class _PodBytes:
    namespace: str
    pods: Callable[[str], Sequence[str]]
    prometheus: Prometheus
    rates: pod_traffic.Rates
    counters: dict[tuple[str, str], float] = field(default_factory=dict)
    _known: dict[str, Sequence[str]] = field(default_factory=dict)

    def look(self) -> None:
        self._known = {app: self.pods(app) for app in pod_traffic.workloads(self.rates)}

    def step(self, seconds: float) -> None:
        for source, destination, size in pod_traffic.shares(self.rates, self._known, seconds):
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
