"""What a Relay or an agent is asked for: a stream of flows from a moment on, and what of each."""

from collections.abc import Sequence

from shorthaul.telemetry.relay.messages import Message, message_class
from shorthaul.telemetry.relay.responses import FIELD_MASK
from shorthaul.traffic.flows import NANOSECONDS

HTTP_MASK = (
    *("time", "uuid", "l4", "l7", "node_name", "traffic_direction"),
    *(f"{end}.{field}" for end in ("source", "destination") for field in ("namespace", "pod_name")),
)
"""What of an HTTP event is asked for; `l4` and `l7` whole: agents leave stale parts otherwise."""


def flows_since(nanoseconds: int) -> bytes:
    """All flows, and what traffic is counted by."""
    return _written(_asked(nanoseconds, FIELD_MASK))


def http_since(nanoseconds: int) -> bytes:
    """Only the flows that proxies report of HTTP, which agents sort out before they send any."""
    asked = _asked(nanoseconds, HTTP_MASK)
    asked.whitelist.add().protocol.append("http")
    return _written(asked)


def _asked(nanoseconds: int, mask: Sequence[str]) -> Message:
    request = message_class("observer.GetFlowsRequest")(follow=True)
    request.since.seconds, request.since.nanos = divmod(nanoseconds, NANOSECONDS)
    request.field_mask.paths.extend(mask)
    return request


def _written(request: Message) -> bytes:
    found: bytes = request.SerializeToString()
    return found
