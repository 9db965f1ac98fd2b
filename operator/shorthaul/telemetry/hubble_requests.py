"""Hubble's HTTP events in export files, as sightings of requests, and who reads them.

Only events of pods that carry an `X-Request-Id` are of use, so Hubble must not redact that header
(`hubble.redact.http.headers.allow`) and field masks have to leave `l7`, `l4` and both ends in.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from shorthaul.telemetry.hubble_ends import End, PodNames
from shorthaul.telemetry.hubble_events import Layer4, Skipped
from shorthaul.telemetry.hubble_tail import HubbleTail
from shorthaul.telemetry.prometheus.round_trips import RoundTrips
from shorthaul.telemetry.timestamps import nanoseconds
from shorthaul.topology.exchanges import Exchanges, Sighting
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.units import NodeName

MOST_READINGS = 64
_REQUEST_ID = "x-request-id"
_HIDDEN = "HUBBLE_REDACTED"
_OTHER = Skipped("event that is no HTTP request between pods")
_DIRECTIONS = {"EGRESS": True, "INGRESS": False}
_KINDS = {"REQUEST": False, "RESPONSE": True}


class _Header(msgspec.Struct, gc=False):
    key: str = ""
    value: str = ""


class _Http(msgspec.Struct, gc=False):
    headers: list[_Header] = []


class _Layer7(msgspec.Struct, gc=False):
    kind: str = msgspec.field(default="", name="type")
    http: _Http | None = None


class _Flow(msgspec.Struct, gc=False):
    time: str = ""
    source: End | None = None
    destination: End | None = None
    l4: Layer4 | None = None
    l7: _Layer7 | None = None
    traffic_direction: str = ""
    node_name: str = ""


class _Event(msgspec.Struct, gc=False):
    flow: _Flow | None = None
    node_name: str = ""


class RequestLines:
    """Reads lines as a tail gives them, into the requests of the last window."""

    def __init__(self, exchanges: Exchanges) -> None:
        self.names = PodNames()
        self._exchanges = exchanges
        self._decode = msgspec.json.Decoder(_Event).decode

    def know(self, places: Sequence[Range]) -> None:
        """Named places outside have no proxy of ours."""

    def read(self, line: bytes) -> Skipped:
        """Takes one line; nothing of it is traffic of its own."""
        if b'"http"' in line:
            try:
                seen = sighting(self._decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return _OTHER
            if seen is not None:
                self._exchanges.see(seen)
        return _OTHER


def sighting(event: _Event) -> Sighting | None:
    """The request or response that an event is of; None where it tells too little."""
    flow = event.flow
    if flow is None or flow.l7 is None or flow.l7.http is None or flow.l4 is None:
        return None
    source, destination, ports = flow.source, flow.destination, flow.l4.TCP
    if source is None or destination is None or ports is None:
        return None
    if not (source.is_pod and destination.is_pod):
        return None
    response, at_client = _KINDS.get(flow.l7.kind), _DIRECTIONS.get(flow.traffic_direction)
    request, moment = _request_id(flow.l7.http.headers), nanoseconds(flow.time)
    node = (flow.node_name or event.node_name).rpartition("/")[2]
    if response is None or at_client is None or moment is None or not (request and node):
        return None
    one, other = (f"{end.namespace}/{end.pod_name}" for end in (source, destination))
    near, far = ports.source_port, ports.destination_port
    if response:
        one, other, near, far = other, one, far, near
    return Sighting(NodeName(node), request, one, other, (near, far), at_client, response, moment)


def _request_id(headers: Sequence[_Header]) -> str:
    found = [each.value for each in headers if each.key.lower() == _REQUEST_ID]
    return found[0] if len(found) == 1 and found[0] != _HIDDEN else ""


class RequestReader:
    """Round trips by the requests in some files."""

    def __init__(self, path: str, window_seconds: int) -> None:
        """Store which files; nothing is read before `sweep`, and nothing from before it."""
        self._exchanges = Exchanges(window_seconds)
        self._tail = HubbleTail([path], reader=RequestLines(self._exchanges))

    async def sweep(self) -> RoundTrips:
        """What the files gained, with what is kept of before."""
        for _ in range(MOST_READINGS):
            reading = await self._tail.read()
            if reading.caught_up:
                break
        found, refused = await asyncio.to_thread(self._exchanges.round_trips)
        return RoundTrips(found, refused, trouble="; ".join(reading.health.troubles))

    def close(self) -> None:
        """Closes the files."""
        self._tail.close()
