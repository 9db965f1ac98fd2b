"""Opens what a FlowSource or a Topology names; only here it is known which type is which module."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Protocol

from shorthaul.api.collector_sources import Collector
from shorthaul.api.flowsources import FlowSourceSpec, HubbleRelay
from shorthaul.api.latency_sources import (
    HubbleRequestsSource,
    ProbesSource,
    RequestsRelay,
    RoundTripSource,
)
from shorthaul.api.prometheus_sources import PrometheusMetrics
from shorthaul.errors import BadInput
from shorthaul.telemetry.collected.clients import Place
from shorthaul.telemetry.collected.readers import Collected
from shorthaul.telemetry.hubble_requests import RequestReader
from shorthaul.telemetry.hubble_tail import HubbleTail
from shorthaul.telemetry.netflow_lines import Rules
from shorthaul.telemetry.probes.readers import Reader, Sweep
from shorthaul.telemetry.probes.settings import REPORT_PORT
from shorthaul.telemetry.prometheus.round_trips import RoundTrips
from shorthaul.telemetry.sources import Source, Surroundings
from shorthaul.telemetry.unreadable import Unreadable
from shorthaul.traffic.addresses.ranges import Range

if TYPE_CHECKING:
    from shorthaul.telemetry.prometheus.live_windows import Asking
    from shorthaul.telemetry.relay.channels import Server
from shorthaul.units import Unit

_COLLECTED_SECONDS = 120.0
"""Addresses have to settle, and where little changes the watch of pods is heard once a minute."""
_NO_GRPC = "reading Hubble Relay needs grpcio and protobuf; install shorthaul with the extra relay"

_NO_CLIENT = (
    "reading Prometheus needs prometheus-api-client; install shorthaul with the extra prometheus"
)


class LatencyReader(Protocol):
    """Who is asked for latencies."""

    async def sweep(self) -> Sweep | RoundTrips:
        """What is answered now."""
        ...

    def close(self) -> None:
        """Ends the connections."""
        ...


def open_source(spec: FlowSourceSpec, around: Surroundings) -> Source:
    """The source of a spec."""
    places = around.book.places if around.book else tuple
    if spec.hubble_export is not None:
        return HubbleTail(
            [spec.hubble_export.path], since_nanoseconds=around.since_nanoseconds, places=places
        )
    if spec.hubble_relay is not None:
        return _relay(spec.hubble_relay, around.kept_seconds, places)
    if spec.collector is not None:
        return _collected(spec.collector, around)
    if spec.prometheus is not None:
        return _prometheus(spec.prometheus, around)
    return Unreadable(f"type {spec.type} without its own part")


def least_coverage_percent(spec: FlowSourceSpec) -> int:
    """Of how many nodes flows have to arrive; 0 for a source that cannot know."""
    part = spec.hubble_relay or spec.collector
    return part.least_coverage_percent if part else 0


def unit_of(spec: FlowSourceSpec) -> Unit:
    """What a source's windows count."""
    return Unit.BYTES if spec.prometheus or spec.collector else Unit.FLOWS


def lag_seconds(spec: FlowSourceSpec) -> float:
    """How long after its end a window of bytes is there at the soonest."""
    if spec.collector is not None:
        return _COLLECTED_SECONDS
    return float(spec.prometheus.lag_seconds) if spec.prometheus is not None else 0.0


def reads_past(spec: FlowSourceSpec) -> bool:
    """Whether a source is to begin with what was there before us."""
    return spec.hubble_export is not None and spec.hubble_export.from_beginning


def _relay(
    relay: HubbleRelay, kept_seconds: float, places: Callable[[], Sequence[Range]]
) -> Source:
    try:
        from shorthaul.telemetry.relay.hubble_relay import HubbleRelay as Relay
    except ImportError:
        return Unreadable(_NO_GRPC)
    return Relay(_server(relay), kept_seconds=kept_seconds, places=places)


def _server(relay: HubbleRelay | RequestsRelay) -> "Server":
    from shorthaul.telemetry.relay.channels import Server

    tls = relay.tls
    return Server(relay.address, tls.folder, tls.server_name) if tls else Server(relay.address)


def _collected(collector: Collector, around: Surroundings) -> Source:
    host, _, port = collector.address.rpartition(":")
    tls = collector.tls
    place = Place(host.strip("[]"), int(port))
    if tls is not None:
        place = replace(place, tls_folder=tls.folder, server_name=tls.server_name)
    rules = Rules(collector.longest_flow_seconds * 1_000, collector.sampling)
    return Collected(place, around, rules, covers=collector.least_coverage_percent > 0)


def _prometheus(part: PrometheusMetrics, around: Surroundings) -> Source:
    from shorthaul.telemetry.prometheus.chosen_profiles import profile_of
    from shorthaul.telemetry.prometheus.live_windows import LiveWindows, Question

    try:
        question = Question(profile_of(part), part.sampling, part.lag_seconds)
        engine = _engine(part)
    except BadInput as error:
        return Unreadable(str(error))
    return LiveWindows(engine, question, around)


def open_latencies(
    source: ProbesSource | RoundTripSource | HubbleRequestsSource, random: Random
) -> LatencyReader:
    """The reader of a Topology's source of latencies; raises BadInput."""
    if isinstance(source, ProbesSource):
        return Reader(source.address, REPORT_PORT, random)
    if isinstance(source, HubbleRequestsSource):
        return _requests(source)
    from shorthaul.telemetry.prometheus.round_trip_profiles import asked_of
    from shorthaul.telemetry.prometheus.round_trip_readers import RoundTripReader

    return RoundTripReader(_engine(source), asked_of(source), source.window_seconds)


def _requests(source: HubbleRequestsSource) -> LatencyReader:
    if source.relay is None:
        return RequestReader(source.path or "", source.window_seconds)
    try:
        from shorthaul.telemetry.relay.http_requests import RelayRequests
    except ImportError as error:
        raise BadInput(_NO_GRPC) from error
    return RelayRequests(_server(source.relay), source.window_seconds)


def _engine(part: PrometheusMetrics | RoundTripSource) -> "Asking":
    """The engine that a spec names; raises BadInput, also where its client is not installed."""
    try:
        from shorthaul.telemetry.prometheus.clients import Engine, Server
    except ImportError as error:
        raise BadInput(_NO_CLIENT) from error
    return Engine(Server(part.address, part.token_file or "", part.tls_folder or ""))
