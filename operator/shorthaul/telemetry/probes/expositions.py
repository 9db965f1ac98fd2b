"""The prober's metrics: how many probes of each outcome, and how long those answered took.

There is no label for peers: n nodes that each told of all others would be n² series. Which peer is
how far is in the report; what pairs of zones come to is in the operator's own metrics.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from shorthaul.telemetry.probes.outcomes import Outcome

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Exposition:
    """The counters of one prober, in a registry of their own."""

    def __init__(self) -> None:
        """All at zero, each outcome too, so that a rate has something to begin from."""
        self._registry = CollectorRegistry()
        self.probes = Counter(
            "shorthaul_prober_probes_total",
            "Probes that ended, by what came of them",
            ["outcome"],
            registry=self._registry,
        )
        self.latency = Histogram(
            "shorthaul_prober_latency_seconds",
            "From SYN to SYN/ACK, of probes that were answered",
            buckets=[each / 1_000 for each in _BUCKETS],
            registry=self._registry,
        )
        self.peers = Gauge(
            "shorthaul_prober_peers", "Peers that there are to probe", registry=self._registry
        )
        self.skipped = Counter(
            "shorthaul_prober_skipped_probes_total",
            "Probes not made, since their round was over",
            registry=self._registry,
        )
        self.lookups = Counter(
            "shorthaul_prober_failed_lookups_total",
            "Names of --peer that could not be resolved",
            registry=self._registry,
        )
        self.answered = Counter(
            "shorthaul_prober_answered_connections_total",
            "Connections of others that were accepted and closed",
            registry=self._registry,
        )
        self.refused = Counter(
            "shorthaul_prober_refused_requests_total",
            "Requests for reports or metrics that were not answered, by reason",
            ["reason"],
            registry=self._registry,
        )
        for outcome in Outcome:
            self.probes.labels(outcome.value)

    def note(self, outcome: Outcome, milliseconds: float) -> None:
        """Counts a probe."""
        self.probes.labels(outcome.value).inc()
        if outcome is Outcome.ANSWERED:
            self.latency.observe(milliseconds / 1_000)

    def text(self) -> bytes:
        """All metrics as Prometheus reads them."""
        return generate_latest(self._registry)
