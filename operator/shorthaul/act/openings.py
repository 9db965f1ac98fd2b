"""Opens what a FlowSource names; the one place that knows which type is which module."""

from shorthaul.api.flowsources import FlowSourceSpec, HubbleRelay
from shorthaul.api.prometheus_sources import PrometheusMetrics
from shorthaul.errors import BadInput
from shorthaul.telemetry.hubble_tail import HubbleTail
from shorthaul.telemetry.sources import Source, Surroundings
from shorthaul.telemetry.unreadable import Unreadable
from shorthaul.units import Unit

_NO_GRPC = "reading Hubble Relay needs grpcio and protobuf; install shorthaul with the extra relay"

_NO_CLIENT = (
    "reading Prometheus needs prometheus-api-client; install shorthaul with the extra prometheus"
)


def open_source(spec: FlowSourceSpec, around: Surroundings) -> Source:
    """The source of a spec."""
    if spec.hubble_export is not None:
        return HubbleTail([spec.hubble_export.path], since_nanoseconds=around.since_nanoseconds)
    if spec.hubble_relay is not None:
        return _relay(spec.hubble_relay, around.kept_seconds)
    if spec.prometheus is not None:
        return _prometheus(spec.prometheus, around)
    return Unreadable(f"type {spec.type} without its own part")


def least_coverage_percent(spec: FlowSourceSpec) -> int:
    """Of how many nodes flows have to arrive; 0 for a source that cannot know."""
    return spec.hubble_relay.least_coverage_percent if spec.hubble_relay else 0


def unit_of(spec: FlowSourceSpec) -> Unit:
    """What a source's windows count."""
    return Unit.BYTES if spec.prometheus is not None else Unit.FLOWS


def lag_seconds(spec: FlowSourceSpec) -> float:
    """How long after its end a window of bytes is there at the soonest."""
    return float(spec.prometheus.lag_seconds) if spec.prometheus is not None else 0.0


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


def _prometheus(part: PrometheusMetrics, around: Surroundings) -> Source:
    try:
        from shorthaul.telemetry.prometheus.clients import Engine, Server
    except ImportError:
        return Unreadable(_NO_CLIENT)
    from shorthaul.telemetry.prometheus.chosen_profiles import profile_of
    from shorthaul.telemetry.prometheus.live_windows import LiveWindows, Question

    try:
        question = Question(profile_of(part), part.sampling, part.lag_seconds)
        engine = Engine(Server(part.address, part.token_file or "", part.tls_folder or ""))
    except BadInput as error:
        return Unreadable(str(error))
    return LiveWindows(engine, question, around)
