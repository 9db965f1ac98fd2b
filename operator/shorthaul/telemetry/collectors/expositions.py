"""The collector's counts as Prometheus metrics: read at scrape time, none per exporter or flow.

Labels are versions, reasons and states, so their number is fixed whoever sends what. A scrape runs
in another thread, so it sees a snapshot that the collector takes every now and then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector as Exposition

from shorthaul.telemetry import bounded_servers
from shorthaul.telemetry.collectors.spools import Spool
from shorthaul.telemetry.netflow.decoders import Decoder
from shorthaul.telemetry.netflow.totals import Loss

VERSIONS = {5: "v5", 9: "v9", 10: "ipfix"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All counts at one moment; `dropped` is None where the kernel does not tell."""

    counts: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    losses: Mapping[str, Loss] = field(default_factory=dict)
    gauges: Mapping[str, int] = field(default_factory=dict)
    dropped: int | None = None


COUNTS = {
    "datagrams": "Datagrams and stream messages received",
    "received_bytes": "Bytes of them",
    "templates": "Template records taken",
    "records": "Data records received, of options too",
    "option_records": "Data records of options",
    "flow_records": "Data records that were traffic",
    "flows": "Flows handed on: one for each direction that a record counts",
    "forwarded_datagrams": "Datagrams handed on to the collectors that should have them",
    "peer_datagrams": "Datagrams that other collectors handed on to this one",
    "lessons": "Exporters' templates taught to the collectors that would be next",
    "member_changes": "Times that a collector came or went, as seen from this one",
    "forgotten_connections": "Firewall connections dropped while open, for want of room",
}
GAUGES = {
    "exporters": "Senders that are known",
    "kept_templates": "Templates that are kept",
    "held_bytes": "Bytes of data sets that wait for their template",
    "streams": "Open TCP connections",
    "members": "Collectors that share exporters and answer, this one too",
    "receive_buffer_bytes": "Receive buffer of the smallest UDP socket, as the kernel counts it",
}


def snapshot(
    decoder: Decoder,
    gauges: Mapping[str, int],
    refused: Mapping[str, int],
    dropped: int | None,
    peers: Mapping[str, int],
) -> Snapshot:
    """What a decoder counted until now, with what its sockets know."""
    totals, registry = decoder.totals, decoder.registry
    return Snapshot(
        counts={
            "datagrams": totals.datagrams,
            "received_bytes": totals.bytes,
            "templates": totals.templates,
            "records": totals.records,
            "option_records": totals.option_records,
            "flow_records": totals.flow_records,
            "flows": totals.flows,
            "forgotten_connections": decoder.connections.forgotten,
            **peers,
        },
        versions={name: totals.versions[version] for version, name in VERSIONS.items()},
        refused={**{str(reason): n for reason, n in totals.refused.items()}, **refused},
        losses={name: decoder.loss(version) for version, name in VERSIONS.items()},
        gauges={
            "exporters": len(registry),
            "kept_templates": registry.templates,
            "held_bytes": registry.held_bytes,
            **gauges,
        },
        dropped=dropped,
    )


class CollectorExposition(Exposition):
    """Gives the latest snapshot to whoever scrapes."""

    def __init__(self) -> None:
        self.latest = Snapshot()
        self.spool: Spool | None = None

    def collect(self) -> Iterator[Metric]:
        """All metrics of the collector."""
        now = self.latest
        for name, text in COUNTS.items():
            yield CounterMetricFamily(_name(name), text, value=now.counts.get(name, 0))
        for name, text in GAUGES.items():
            yield GaugeMetricFamily(_name(name), text, value=now.gauges.get(name, 0))
        messages = CounterMetricFamily(_name("messages"), "Messages read", labels=["version"])
        for version, number in now.versions.items():
            messages.add_metric([version], number)
        yield messages
        refused = CounterMetricFamily(
            _name("refused"),
            "What was refused, by reason: its first word says what",
            labels=["reason"],
        )
        for reason, number in now.refused.items():
            refused.add_metric([reason], number)
        yield refused
        yield from _losses(now.losses)
        if self.spool is not None:
            yield from _spool(self.spool)
        if now.dropped is not None:
            yield CounterMetricFamily(
                _name("kernel_dropped_datagrams"), "Dropped by full sockets", value=now.dropped
            )


def serve(exposition: CollectorExposition, port: int, address: str) -> None:
    """Serves the metrics over HTTP from a thread; raises OSError when the port is taken."""
    registry = CollectorRegistry()
    registry.register(exposition)
    bounded_servers.serve(make_wsgi_app(registry), address, port, "metrics")


def _spool(spool: Spool) -> Iterator[Metric]:
    kept, dropped = len(spool.windows), spool.dropped_windows
    yield GaugeMetricFamily(_name("spool_windows"), "Closed windows that are kept", value=kept)
    yield CounterMetricFamily(
        _name("spool_dropped_windows"), "Windows that went for want of room", value=dropped
    )
    yield CounterMetricFamily(
        _name("spool_dropped_records"), "Records in them", value=spool.dropped_records
    )


def _losses(losses: Mapping[str, Loss]) -> Iterator[Metric]:
    units = CounterMetricFamily(
        _name("sequence_units"),
        "Flows (v5), messages (v9) or data records (ipfix) by what their numbers tell",
        labels=["version", "state"],
    )
    uncertain = GaugeMetricFamily(
        _name("lost_units"), "Of them lost, or not readable for now", labels=["version", "state"]
    )
    restarts = CounterMetricFamily(
        _name("exporter_restarts"), "Streams that began anew", labels=["version"]
    )
    conflicts = CounterMetricFamily(
        _name("exporter_conflicts"),
        "Messages by which somebody else sends in an exporter's name",
        labels=["version"],
    )
    for version, loss in losses.items():
        units.add_metric([version, "received"], loss.received)
        units.add_metric([version, "late"], loss.late)
        uncertain.add_metric([version, "lost"], loss.lost)
        uncertain.add_metric([version, "uncertain"], loss.uncertain)
        restarts.add_metric([version], loss.restarts)
        conflicts.add_metric([version], loss.conflicts)
    yield from (units, uncertain, restarts, conflicts)


def _name(name: str) -> str:
    return f"shorthaul_netflow_{name}"
