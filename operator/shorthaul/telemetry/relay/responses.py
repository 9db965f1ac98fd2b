"""Hubble's responses (`observer.GetFlowsResponse`) to flows, through the same decision as lines.

A response is turned into the fields that an export line has, and `hubble_events` decides what they
count; only the spelling differs: times are numbers, an enum's first value is "absent", integers are
integers. Nothing is raised for a bad response: it becomes a `Skipped` with the reason.
"""

from typing import NamedTuple

import msgspec
from google.protobuf.message import DecodeError

from shorthaul.telemetry.hubble_anchors import Places
from shorthaul.telemetry.hubble_ends import End, Owner, PodNames
from shorthaul.telemetry.hubble_events import (
    Aggregate,
    EventReader,
    FlowFields,
    Layer4,
    Outcome,
    Ports,
    Skipped,
    node_name,
    read_lost,
)
from shorthaul.telemetry.relay.messages import Message, enum_names, message_class
from shorthaul.traffic.flows import EARLIEST_SECONDS, LATEST_SECONDS, NANOSECONDS, AnchorFlow

_REMEMBERED_ENDS = 1 << 14
NO_RESPONSE = Skipped("message that is no response of Hubble", shown=True, bad=True)
FIELD_MASK = (
    *("time", "uuid", "verdict", "l4", "Type", "node_name", "reply", "is_reply"),
    *("trace_observation_point", "IP.source", "IP.destination"),
    *(
        f"{end}.{field}"
        for end in ("source", "destination")
        for field in ("identity", "cluster_name", "namespace", "pod_name", "workloads")
    ),
)
"""What of a flow is asked for: addresses too, for named places outside.

`l4` whole: agents leave a stale port where a part is asked for.
"""


class Report(NamedTuple):
    """What makes a flow the same report when it comes again."""

    node: str
    time_nanoseconds: int
    key: int


class ResponseReader:
    """Reads responses."""

    def __init__(self) -> None:
        self._events = EventReader()
        self._places = Places()
        self.know = self._places.know
        self._parse = message_class("observer.GetFlowsResponse").FromString
        self._verdicts = _names("flow.Verdict")
        self._kinds = _names("flow.FlowType")
        self._points = _names("flow.TraceObservationPoint")
        self._ends: dict[bytes, End] = {}

    @property
    def names(self) -> PodNames:
        """The pods that responses named and what Hubble says owns them."""
        return self._events.names

    def parse(self, raw: bytes) -> Message | None:
        """The message, None when it is none."""
        try:
            return self._parse(raw)
        except DecodeError:
            return None

    def read(self, response: Message) -> Outcome | AnchorFlow:
        """What a flow or a report of lost events says."""
        kind = response.WhichOneof("response_types")
        if kind == "flow":
            return self._read_flow(response)
        if kind == "lost_events":
            lost = response.lost_events.num_events_lost
            return read_lost(lost, response.node_name, _usable(response.time))
        return NO_RESPONSE if kind is None else Skipped(kind.replace("_", " "))

    def _read_flow(self, response: Message) -> Outcome | AnchorFlow:
        flow = response.flow
        told = flow if flow.HasField("time") else response
        usable = _usable(told.time) if told.HasField("time") else None
        text = "" if usable or not told.HasField("time") else _text(told.time)
        told_reply = flow.HasField("is_reply")
        fields = FlowFields(
            uuid=flow.uuid,
            verdict=self._verdicts.get(flow.verdict) or str(flow.verdict or ""),
            source=self._end(flow.source) if flow.HasField("source") else None,
            destination=self._end(flow.destination) if flow.HasField("destination") else None,
            l4=None if told_reply else _layer4(flow.l4),
            kind=self._kinds.get(flow.Type) or str(flow.Type or ""),
            reply=flow.reply or None,
            is_reply=flow.is_reply.value if told_reply else None,
            trace_observation_point=self._points.get(flow.trace_observation_point)
            or str(flow.trace_observation_point or ""),
            aggregate=_aggregate(flow.aggregate) if flow.HasField("aggregate") else None,
        )
        node = response.node_name or flow.node_name
        outcome = self._events.read_flow(fields, usable, text, node)
        if not self._places.may_name(outcome):
            return outcome
        told = flow.IP.source, flow.IP.destination
        return self._places.named(fields, told, outcome, self.names)

    def _end(self, end: Message) -> End:
        """An end; the same ones come again and again, so each is made once."""
        key = end.SerializeToString()
        known = self._ends.get(key)
        if known is None:
            if len(self._ends) >= _REMEMBERED_ENDS:
                self._ends.clear()
            known = self._ends[key] = _end(end)
        return known


def report_of(response: Message) -> Report | None:
    """What tells a flow from every other one; without a uuid, all of it together.

    None without a usable time, since nothing then says whether it is behind what was read.
    """
    flow = response.flow
    time = _usable(flow.time if flow.HasField("time") else response.time)
    if time is None:
        return None
    key = flow.uuid or flow.SerializeToString()
    return Report(node_name(response.node_name or flow.node_name), time, hash(key))


def _names(enum: str) -> dict[int, str]:
    """An enum's names; its first value is what JSON leaves out."""
    return {number: name for number, name in enum_names(enum).items() if number}


def _usable(time: Message) -> int | None:
    if EARLIEST_SECONDS <= time.seconds < LATEST_SECONDS and 0 <= time.nanos < NANOSECONDS:
        return int(time.seconds * NANOSECONDS + time.nanos)
    return None


def _text(time: Message) -> str:
    try:
        return str(time.ToJsonString())
    except ValueError:
        return f"{time.seconds}.{time.nanos} s"


def _end(end: Message) -> End:
    made = End(
        identity=end.identity,
        cluster_name=end.cluster_name,
        namespace=end.namespace,
        pod_name=end.pod_name,
        workloads=[Owner(each.name, each.kind) for each in end.workloads] or None,
    )
    if end.labels and not made.is_pod:
        made.labels = msgspec.Raw(msgspec.json.encode(list(end.labels)))
    return made


def _layer4(layer: Message) -> Layer4:
    name = next((name for name in ("TCP", "UDP", "SCTP") if layer.HasField(name)), None)
    if name is None:
        return Layer4()
    found = getattr(layer, name)
    return Layer4(**{name: Ports(found.source_port, found.destination_port)})


def _aggregate(aggregate: Message) -> Aggregate:
    return Aggregate(aggregate.ingress_flow_count, aggregate.egress_flow_count)
