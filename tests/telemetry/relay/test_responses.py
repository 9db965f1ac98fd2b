"""A flow says the same as an export line and as a message of the Relay."""

import json
from datetime import datetime

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.hubble_anchors import AnchorReader
from shorthaul.telemetry.hubble_events import Skipped
from shorthaul.telemetry.hubble_lines import LineReader
from shorthaul.telemetry.relay.messages import enum_names, message_class
from shorthaul.telemetry.relay.responses import (
    FIELD_MASK,
    NO_RESPONSE,
    ResponseReader,
    report_of,
)
from shorthaul.traffic.anchors import Anchor, ranges_of, vertex
from shorthaul.traffic.flows import Flow, Lost
from shorthaul.units import PodRef, Tier
from telemetry import export_lines
from telemetry.relay import messages_made

NAMES = st.sampled_from(["web-1", "cart-1", "", "Not a name"])
SPACES = st.sampled_from(["shop", "bank", ""])
LABELS = st.lists(st.sampled_from(["reserved:host", "reserved:world", 'k8s:a="b",c', "k8s:ü"]))


def some(**fields):
    """A dictionary with some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


ends = some(
    identity=st.sampled_from([0, 1, 2, 6, 9, 4711, 1 << 24, (1 << 32) - 1]),
    cluster_name=st.sampled_from(["", "east", "west"]),
    namespace=SPACES,
    pod_name=NAMES,
    labels=LABELS,
    workloads=st.lists(some(name=NAMES, kind=st.sampled_from(["Deployment", ""])), max_size=2),
)
ports = some(source_port=st.integers(0, 65535), destination_port=st.integers(0, 65535))
layers = st.one_of(*(st.fixed_dictionaries({name: ports}) for name in ("TCP", "UDP", "SCTP")))
times = st.datetimes(datetime(1000, 1, 1)).map(  # noqa: DTZ001 - drawn without a zone
    lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ")
)

addresses = st.sampled_from(["198.51.100.9", "203.0.113.1", "2001:db8::7", "10.0.0.1", "?", ""])
PLACES = ranges_of([Anchor("office", ("198.51.100.0/24", "2001:db8::/32"), Tier.REGION)])


def enums(name):
    return st.sampled_from([text for number, text in enum_names(name).items() if number])


flows = some(
    time=st.just(export_lines.stamp(0)) | times,
    uuid=st.text(max_size=5),
    verdict=st.just("FORWARDED") | enums("flow.Verdict"),
    source=ends,
    destination=ends,
    l4=layers | st.just({"ICMPv4": {"type": 8}}),
    Type=st.just("L3_L4") | enums("flow.FlowType"),
    node_name=st.sampled_from(["n1", "east/n1", ""]),
    reply=st.just(True),
    is_reply=st.booleans(),
    trace_observation_point=st.just("TO_ENDPOINT") | enums("flow.TraceObservationPoint"),
    IP=some(source=addresses, destination=addresses),
    aggregate=some(ingress_flow_count=st.integers(0, 3), egress_flow_count=st.integers(0, 3)),
    event_type=st.just({"type": 4}),
)
whole = flows.map(lambda more: export_lines.event("shop/web-1", "shop/cart-1")["flow"] | more)
events = some(
    node_name=st.sampled_from(["n1", "east/n2", ""]), time=st.just(export_lines.stamp(7))
).flatmap(
    lambda outside: st.one_of(
        (flows | whole).map(lambda flow: {"flow": flow, **outside}),
        st.integers(0, 2**64 - 1).map(
            lambda lost: {"lost_events": {"num_events_lost": str(lost)}, **outside}
        ),
    )
)


@settings(max_examples=200, deadline=None)
@given(st.lists(events, max_size=4))
def test_a_flow_says_the_same_as_a_line_and_as_a_message(several):
    lines, responses = LineReader(), ResponseReader()

    for event in several:
        line = export_lines.encode(event)
        assert lines.read(line) == responses.read(responses.parse(messages_made.raw(line)))
    assert lines.names.workloads == responses.names.workloads


worlds = st.sampled_from(["world", "world", "shop/cart-1"]).flatmap(
    lambda other: flows.map(
        lambda more: (
            export_lines.event("shop/web-1", other)["flow"]
            | {key: told for key, told in more.items() if key not in ("source", "destination")}
            | {"verdict": "FORWARDED", "Type": "L3_L4", "trace_observation_point": "TO_ENDPOINT"}
        )
    )
)


@settings(max_examples=200, deadline=None)
@given(st.lists(events | worlds.map(lambda flow: {"flow": flow}), max_size=4))
def test_so_it_does_where_places_outside_have_names(several):
    lines, responses = AnchorReader(PLACES), ResponseReader()
    responses.know(PLACES)

    for event in several:
        line = export_lines.encode(event)
        assert lines.read(line) == responses.read(responses.parse(messages_made.raw(line)))


def test_a_message_names_places_as_long_as_it_is_told_of_them():
    told = {"IP": {"source": "198.51.100.9", "destination": "10.0.0.2"}}
    response = messages_made.response(export_lines.line("world", "shop/web-1", **told))
    reader = ResponseReader()

    assert isinstance(reader.read(response), Skipped)
    reader.know(PLACES)
    assert reader.read(response).ends == (vertex("office"), PodRef("shop", "web-1"))
    reader.know(())
    assert isinstance(reader.read(response), Skipped)


def test_the_laws_examples_are_of_every_kind():
    reader = ResponseReader()
    lines = [
        export_lines.line("shop/web-1", "shop/cart-1"),
        export_lines.lost(4),
        export_lines.line("shop/web-1", "host"),
        export_lines.encode({"node_status": {"state_change": "NODE_ERROR"}}),
    ]

    kinds = [type(reader.read(messages_made.response(line))) for line in lines]

    assert kinds == [Flow, Lost, Skipped, Skipped]


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(raw):
    reader = ResponseReader()
    response = reader.parse(raw)

    assert response is None or isinstance(reader.read(response), Flow | Lost | Skipped)


def test_a_message_that_says_nothing_is_bad():
    assert ResponseReader().read(message_class("observer.GetFlowsResponse")()) is NO_RESPONSE
    assert ResponseReader().parse(b"\xff\xff") is None


def test_what_the_field_mask_asks_for_is_all_that_a_plain_flow_needs():
    event = export_lines.event("shop/web-1", "shop/cart-1", uuid="u", is_reply=None)
    full = messages_made.response(export_lines.encode(event))
    masked = message_class("observer.GetFlowsResponse")(node_name=full.node_name)
    masked.time.CopyFrom(full.time)
    for path in FIELD_MASK:
        holder, _, name = path.rpartition(".")
        source = getattr(full.flow, holder) if holder else full.flow
        target = getattr(masked.flow, holder) if holder else masked.flow
        value = getattr(source, name)
        if isinstance(value, str | int):
            setattr(target, name, value)
        elif hasattr(value, "DESCRIPTOR"):
            if source.HasField(name):
                getattr(target, name).CopyFrom(value)
        else:
            getattr(target, name).extend(value)

    assert ResponseReader().read(masked) == ResponseReader().read(full)


@pytest.mark.parametrize("change", [{"time": export_lines.stamp(1)}, {"verdict": "DROPPED"}])
def test_without_a_uuid_all_of_a_flow_tells_it_from_others(change):
    event = export_lines.event("shop/web-1", "shop/cart-1")
    other = json.loads(json.dumps(event))
    other["flow"] |= change
    first, again, second = (
        report_of(messages_made.response(export_lines.encode(each)))
        for each in (event, event, other)
    )

    assert first == again
    assert first != second


def test_json_of_a_message_is_an_export_line_again():
    line = export_lines.line("shop/web-1", "shop/cart-1")
    text = json_format.MessageToJson(
        messages_made.response(line), preserving_proto_field_name=True
    ).encode()

    assert LineReader().read(text) == LineReader().read(line)
