"""Hubble's events whose other end is a named place outside, by the address that they tell.

Only events that would count but for one end that Hubble calls the world are looked at, so those
between pods cost nothing more. The address is looked up in ranges that are the user's own word;
whoever is in none stays the world. What counts is DESIGN §5 here too: what arrives at a pod, since
what leaves for outside is seen at none or several points on its way.
"""

from collections.abc import Sequence
from typing import TypeGuard

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry.hubble_ends import End, PodNames
from shorthaul.telemetry.hubble_events import (
    FlowFields,
    Outcome,
    Skipped,
    count_of,
    is_reply,
)
from shorthaul.telemetry.hubble_lines import LineReader
from shorthaul.traffic import anchors
from shorthaul.traffic.addresses.parties import read_address
from shorthaul.traffic.addresses.ranges import Range, Ranges
from shorthaul.traffic.flows import AnchorFlow
from shorthaul.units import WorkloadRef

WORLDS = frozenset({f"one end is {kind}" for kind in ("world", "world-ipv4", "world-ipv6")})


class _Addresses(msgspec.Struct, gc=False):
    source: str = ""
    destination: str = ""


class _Flow(FlowFields, gc=False):
    ip: _Addresses | None = msgspec.field(default=None, name="IP")


class _Event(msgspec.Struct, gc=False):
    flow: _Flow


class Places:
    """Named places outside, which may change; none at first."""

    def __init__(self, places: Sequence[Range] = ()) -> None:
        self._places: tuple[Range, ...] = ()
        self._ranges: Ranges | None = None
        self.know(places)

    def know(self, places: Sequence[Range]) -> None:
        """Takes other places from now on; with none, nobody outside has a name."""
        if tuple(places) != self._places:
            self._places = tuple(places)
            self._ranges = Ranges(self._places) if places else None

    def may_name(self, outcome: Outcome) -> TypeGuard[Skipped]:
        """Whether what an event says may be traffic with one of them."""
        return (
            self._ranges is not None and isinstance(outcome, Skipped) and outcome.reason in WORLDS
        )

    def named(
        self, flow: FlowFields, addresses: tuple[str, str], outcome: Skipped, names: PodNames
    ) -> Outcome | AnchorFlow:
        """What a flow says whose outcome may be named; `addresses` are those of its two ends."""
        source, destination = flow.source or End(), flow.destination or End()
        if source.is_pod is destination.is_pod:
            return outcome
        inside = source if source.is_pod else destination
        pod, place = names.pod(inside), self._of(addresses[source.is_pod])
        events = 1 if flow.aggregate is None else count_of(flow.aggregate.ingress_flow_count)
        if pod is None or place is None or not events:
            return outcome
        return AnchorFlow(
            pod,
            place,
            source.is_pod,
            is_reply(flow),
            events,
            outcome.time_nanoseconds,
            outcome.observer,
            flow.uuid,
        )

    def _of(self, text: str) -> WorkloadRef | None:
        if self._ranges is None:
            return None
        try:
            return anchors.named(self._ranges.of(read_address(text)))
        except BadInput:
            return None


class AnchorReader:
    """Reads lines as `LineReader` does, and knows places outside by name."""

    def __init__(self, places: Sequence[Range] = ()) -> None:
        self.lines = LineReader()
        self._places = Places(places)
        self.know, self.may_name = self._places.know, self._places.may_name
        self._decode = msgspec.json.Decoder(_Event).decode

    @property
    def names(self) -> PodNames:
        """The pods that lines named and what Hubble says owns them."""
        return self.lines.names

    def read(self, line: bytes) -> Outcome | AnchorFlow:
        """What one line says."""
        outcome = self.lines.read(line)
        if not self.may_name(outcome):
            return outcome
        try:
            flow = self._decode(line).flow
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return outcome  # Its addresses are none, so it stays the world.
        if flow.ip is None:
            return outcome
        told = flow.ip.source, flow.ip.destination
        return self._places.named(flow, told, outcome, self.names)


def reader(places: Sequence[Range]) -> LineReader | AnchorReader:
    """What reads lines; without places the plain reader, which costs least."""
    return AnchorReader(places) if places else LineReader()
