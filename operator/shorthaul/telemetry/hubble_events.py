"""What counts of Hubble's events, however they came: the one decision for lines and for streams.

What counts is DESIGN §5: FORWARDED, L3_L4, seen TO_ENDPOINT, and for aggregated records (1.19+)
their ingress count; those may leave out the fields that they were not aggregated by. The
deprecated `reply` is left out when false, while a missing `is_reply` means "unknown". Nothing is
raised for a bad event: it becomes a `Skipped` with the reason. Byte counts are not read, because
no Hubble release carries them.
"""

from typing import NamedTuple

import msgspec

from shorthaul.telemetry.hubble_ends import End, PodNames, kind_of
from shorthaul.traffic.flows import Flow, Lost
from shorthaul.units import NodeName

_KNOWN_VERDICTS = frozenset(
    {"VERDICT_UNKNOWN", "DROPPED", "ERROR", "AUDIT", "REDIRECTED", "TRACED", "TRANSLATED"}
)


class Skipped(NamedTuple):
    """An event that carries no weight and why; `shown` when the user ought to see it counted.

    `bad` marks what is no event at all; `time_nanoseconds` is 0 when it is no flow.
    """

    reason: str
    shown: bool = False
    bad: bool = False
    time_nanoseconds: int = 0
    observer: NodeName = NodeName("")


Outcome = Flow | Lost | Skipped


class Ports(msgspec.Struct, gc=False):
    """The ports of a TCP, UDP or SCTP packet."""

    source_port: int = 0
    destination_port: int = 0


class Layer4(msgspec.Struct, gc=False):
    """`flow.Layer4`, as far as it is used."""

    TCP: Ports | None = None
    UDP: Ports | None = None
    SCTP: Ports | None = None


class Aggregate(msgspec.Struct, gc=False):
    """`flow.Aggregate`: how many events a record stands for."""

    ingress_flow_count: int | str = 0
    egress_flow_count: int | str = 0


class FlowFields(msgspec.Struct, gc=False):
    """`flow.Flow`, as far as it is used; enums by name, "" for what is absent."""

    time: str = ""
    uuid: str = ""
    verdict: str = ""
    source: End | None = None
    destination: End | None = None
    l4: Layer4 | None = None
    kind: str = msgspec.field(default="", name="Type")
    node_name: str = ""
    reply: bool | None = None
    is_reply: bool | None = None
    trace_observation_point: str = ""
    aggregate: Aggregate | None = None


class EventReader:
    """Reads events; `names` keeps the pods they named and what Hubble says owns them."""

    def __init__(self) -> None:
        self.names = PodNames()

    def read_flow(self, flow: FlowFields, time: int | None, told_time: str, node: str) -> Outcome:
        """What a flow says; `time` in nanoseconds, None when what was told is no usable time."""
        if time is None:
            return _wrong_time(told_time)
        self.learn(flow)
        return self.decide(flow, time, node_name(node))

    def learn(self, flow: FlowFields) -> None:
        """Keeps what a flow tells of whose its ends are, whether it counts or not."""
        if flow.source is not None:
            self.names.learn(flow.source)
        if flow.destination is not None:
            self.names.learn(flow.destination)

    def decide(self, flow: FlowFields, time: int, observer: NodeName) -> Outcome:
        """What a flow says at a usable time; nothing is learned of its ends."""
        reason = _unused(flow)
        if reason is not None:
            return Skipped(reason[0], reason[1], False, time, observer)
        return self._read_ends(flow, time, observer)

    def _read_ends(self, flow: FlowFields, time: int, observer: NodeName) -> Outcome:
        source, destination = flow.source, flow.destination
        if source is None or destination is None or not (source.is_pod and destination.is_pod):
            kind, shown = kind_of(source, destination)
            return Skipped(kind, shown, False, time, observer)
        if source.cluster_name != destination.cluster_name and source.cluster_name:
            return Skipped("one end is in another cluster", True, False, time, observer)
        events = 1 if flow.aggregate is None else count_of(flow.aggregate.ingress_flow_count)
        if events is None:
            return Skipped("count that is no count", shown=True, bad=True)
        if events == 0:
            return Skipped("aggregated record without ingress events", False, False, time, observer)
        reply = is_reply(flow)
        client, server = self.names.pod(source), self.names.pod(destination)
        if client is None or server is None:
            return _NO_POD_NAME
        if reply:
            client, server = server, client
        return Flow(
            client,
            server,
            reply,
            events,
            time,
            observer,
            destination.cluster_name,
            flow.uuid,
        )


def read_lost(events: int | str, node: str, time: int | None) -> Outcome:
    """What a report of lost events says."""
    count = count_of(events)
    if count is None:
        return Skipped("count that is no count", shown=True, bad=True)
    return Lost(node_name(node), count, time or 0)


_NO_POD_NAME = Skipped("pod name that is none", shown=True, bad=True)


def _unused(flow: FlowFields) -> tuple[str, bool] | None:
    """Why a flow does not count, and whether that is worth showing."""
    whole = flow.aggregate is None
    if flow.verdict != "FORWARDED":
        if flow.verdict in _KNOWN_VERDICTS:
            return f"verdict {flow.verdict}", False
        return f"unknown verdict {flow.verdict[:40]!r}", True
    if flow.kind != "L3_L4" and (whole or flow.kind):
        return f"forwarded, of type {_word(flow.kind)}", False
    point = flow.trace_observation_point
    if point != "TO_ENDPOINT" and (whole or point):
        return f"forwarded, seen {_word(point)}", False
    return None


def _word(text: str) -> str:
    """An enum's name, as protobuf spells them."""
    return text if text.isidentifier() and len(text) <= 40 else "unknown"


def is_reply(flow: FlowFields) -> bool:
    """Whether the packet goes from server to client; without a word on it, the ports decide."""
    if flow.is_reply is not None:
        return flow.is_reply
    if flow.reply is not None:
        return flow.reply
    layer = flow.l4
    ports = layer and (layer.TCP or layer.UDP or layer.SCTP)
    return bool(ports and 0 < ports.source_port < ports.destination_port)


def node_name(name: str) -> NodeName:
    """The node's own name; Hubble may write `cluster/node`."""
    name = name[name.rfind("/") + 1 :]
    return NodeName(name if len(name) <= 253 and name.isprintable() else "")


def count_of(value: int | str) -> int | None:
    """A protobuf integer, which JSON writes as a number or, from 64 bits on, as a string."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdecimal() and len(value) <= 20):
            return None
        value = int(value)
    return value if 0 <= value < 1 << 64 else None


def _wrong_time(text: str) -> Skipped:
    reason = f"time {text[:40]!r} that is not between 2000 and 2100" if text else "no time"
    return Skipped(f"flow with {reason}", shown=True, bad=True)
