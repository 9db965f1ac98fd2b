"""Opens what a FlowSource names; the one place that knows which type is which module."""

from shorthaul.api.flowsources import FlowSourceSpec, HubbleRelay
from shorthaul.telemetry.hubble_tail import HubbleTail
from shorthaul.telemetry.sources import Source, Surroundings
from shorthaul.telemetry.unreadable import Unreadable

_NO_GRPC = "reading Hubble Relay needs grpcio and protobuf; install shorthaul with the extra relay"


def open_source(spec: FlowSourceSpec, around: Surroundings) -> Source:
    """The source of a spec."""
    if spec.hubble_export is not None:
        return HubbleTail([spec.hubble_export.path], since_nanoseconds=around.since_nanoseconds)
    if spec.hubble_relay is not None:
        return _relay(spec.hubble_relay, around.kept_seconds)
    return Unreadable(f"type {spec.type} without its own part")


def least_coverage_percent(spec: FlowSourceSpec) -> int:
    """Of how many nodes flows have to arrive; 0 for a source that cannot know."""
    return spec.hubble_relay.least_coverage_percent if spec.hubble_relay else 0


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
