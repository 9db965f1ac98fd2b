"""Hubble's HTTP events as sightings of requests, and who reads them from export files.

Only events of pods that carry an `X-Request-Id` are of use, so Hubble must not redact that header
(`hubble.redact.http.headers.allow`) and field masks have to leave `l7`, `l4` and both ends in.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

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


class Seen(NamedTuple):
    """What an HTTP event tells; pods as namespace and name, "" where an end is none."""

    node: str
    kind: str
    direction: str
    source: str
    destination: str
    ports: tuple[int, int] | None
    headers: Sequence[tuple[str, str]]
    nanoseconds: int | None


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
                event = self._decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return _OTHER
            told = _seen(event)
            found = sighting(told) if told else None
            if found is not None:
                self._exchanges.see(found)
        return _OTHER


def sighting(seen: Seen) -> Sighting | None:
    """The request or response that an event is of; None where it tells too little."""
    response, at_client = _KINDS.get(seen.kind), _DIRECTIONS.get(seen.direction)
    request, moment = _request_id(seen.headers), seen.nanoseconds
    if response is None or at_client is None or moment is None or seen.ports is None:
        return None
    if not (seen.source and seen.destination and request and seen.node):
        return None
    one, other, (near, far) = seen.source, seen.destination, seen.ports
    if response:
        one, other, near, far = other, one, far, near
    node = NodeName(seen.node)
    return Sighting(node, request, one, other, (near, far), at_client, response, moment)


def _seen(event: _Event) -> Seen | None:
    flow = event.flow
    if flow is None or flow.l7 is None or flow.l7.http is None:
        return None
    ports = flow.l4.TCP if flow.l4 else None
    return Seen(
        node=(flow.node_name or event.node_name).rpartition("/")[2],
        kind=flow.l7.kind,
        direction=flow.traffic_direction,
        source=_pod(flow.source),
        destination=_pod(flow.destination),
        ports=(ports.source_port, ports.destination_port) if ports else None,
        headers=[(each.key, each.value) for each in flow.l7.http.headers],
        nanoseconds=nanoseconds(flow.time),
    )


def _pod(end: End | None) -> str:
    return f"{end.namespace}/{end.pod_name}" if end and end.is_pod else ""


def _request_id(headers: Sequence[tuple[str, str]]) -> str:
    found = [value for key, value in headers if key.lower() == _REQUEST_ID]
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
