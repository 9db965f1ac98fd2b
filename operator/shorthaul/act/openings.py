"""Opens what a FlowSource names; the one place that knows which type is which module."""

from dataclasses import replace

from shorthaul.api.flowsources import Collector, FlowSourceSpec, HubbleRelay
from shorthaul.telemetry.collected.clients import Place
from shorthaul.telemetry.collected.readers import Collected
from shorthaul.telemetry.hubble_tail import HubbleTail
from shorthaul.telemetry.netflow_lines import Rules
from shorthaul.telemetry.sources import Source, Surroundings
from shorthaul.telemetry.unreadable import Unreadable

_NO_GRPC = "reading Hubble Relay needs grpcio and protobuf; install shorthaul with the extra relay"


def open_source(spec: FlowSourceSpec, around: Surroundings) -> Source:
    """The source of a spec."""
    if spec.hubble_export is not None:
        return HubbleTail([spec.hubble_export.path], since_nanoseconds=around.since_nanoseconds)
    if spec.hubble_relay is not None:
        return _relay(spec.hubble_relay, around.kept_seconds)
    if spec.collector is not None:
        return _collected(spec.collector, around)
    return Unreadable(f"type {spec.type} without its own part")


def least_coverage_percent(spec: FlowSourceSpec) -> int:
    """Of how many nodes flows have to arrive; 0 for a source that cannot know."""
    part = spec.hubble_relay or spec.collector
    return part.least_coverage_percent if part else 0


def reads_past(spec: FlowSourceSpec) -> bool:
    """Whether a source is to begin with what was there before us."""
    return spec.hubble_export is not None and spec.hubble_export.from_beginning


def _relay(relay: HubbleRelay, kept_seconds: float) -> Source:
    try:
        from shorthaul.telemetry.relay.channels import Server
        from shorthaul.telemetry.relay.hubble_relay import HubbleRelay as Relay
    except ImportError:
        return Unreadable(_NO_GRPC)
    tls = relay.tls
    server = Server(relay.address, tls.folder, tls.server_name) if tls else Server(relay.address)
    return Relay(server, kept_seconds=kept_seconds)


def _collected(collector: Collector, around: Surroundings) -> Source:
    host, _, port = collector.address.rpartition(":")
    tls = collector.tls
    place = Place(host.strip("[]"), int(port))
    if tls is not None:
        place = replace(place, tls_folder=tls.folder, server_name=tls.server_name)
    rules = Rules(collector.longest_flow_seconds * 1_000, collector.sampling)
    return Collected(place, around, rules, covers=collector.least_coverage_percent > 0)
