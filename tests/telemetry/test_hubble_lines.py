"""One export line: what counts, what is passed over, and that nothing is ever raised."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.hubble_events import Skipped
from shorthaul.telemetry.hubble_lines import LONGEST_LINE_BYTES, LineReader
from shorthaul.traffic.flows import Flow, Lost
from shorthaul.units import PodRef, WorkloadRef
from telemetry import export_lines

WEB, CART = PodRef("shop", "web-1"), PodRef("shop", "cart-1")


def read(line):
    return LineReader().read(line)


def read_event(**more):
    return read(export_lines.line("shop/web-1", "shop/cart-1", **more))


def test_a_forwarded_event_seen_at_the_endpoint_is_a_flow_from_client_to_server():
    flow = read_event(at=1.5, node="n7", uuid="u1")

    assert isinstance(flow, Flow)
    assert (flow.client, flow.server, flow.reply, flow.events) == (WEB, CART, False, 1)
    assert (flow.observer, flow.key) == ("n7", "u1")
    assert flow.time_nanoseconds == (export_lines.START_SECONDS * 10 + 15) * 10**8


def test_a_reply_belongs_to_the_edge_of_its_request():
    flow = read_event(reply=True)

    assert (flow.client, flow.server, flow.reply) == (WEB, CART, True)


def test_the_old_reply_field_is_believed_where_is_reply_is_missing():
    old = export_lines.event("shop/cart-1", "shop/web-1", is_reply=None)
    old["flow"]["reply"] = True

    assert read(export_lines.encode(old)).client == WEB


@pytest.mark.parametrize(
    ("source_port", "destination_port", "client"), [(40000, 8080, WEB), (8080, 40000, CART)]
)
def test_ports_decide_who_is_the_client_where_nothing_else_tells(
    source_port, destination_port, client
):
    ports = {"source_port": source_port, "destination_port": destination_port}

    flow = read_event(is_reply=None, l4={"TCP": ports})

    assert flow.client == client


def test_without_ports_the_source_is_the_client():
    assert read_event(is_reply=None, l4={"ICMPv4": {"type": 8}}).client == WEB


def test_the_cluster_is_cut_off_the_nodes_name():
    assert read_event(node="kubernetes/worker1").observer == "worker1"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": "DROPPED"}, "verdict DROPPED"),
        ({"verdict": "REDIRECTED"}, "verdict REDIRECTED"),
        ({"Type": "L7"}, "forwarded, of type L7"),
        ({"trace_observation_point": "TO_PROXY"}, "forwarded, seen TO_PROXY"),
        ({"trace_observation_point": None}, "forwarded, seen unknown"),
        ({"source": export_lines.end("host")}, "traffic with the pod's own host"),
    ],
)
def test_what_never_counts_is_passed_over_quietly(change, reason):
    outcome = read_event(**change)

    assert (outcome.reason, outcome.shown, outcome.bad) == (reason, False, False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": "TELEPORTED"}, "unknown verdict 'TELEPORTED'"),
        ({"source": export_lines.end("remote-node")}, "one end is remote-node"),
        ({"source": {"labels": ["reserved:world"]}}, "one end is world"),
        ({"source": {"identity": (1 << 24) + 5}}, "one end is world"),
        ({"source": {}}, "one end is unknown"),
        ({"source": None}, "one end is unknown"),
        ({"source": {"identity": 9999, "namespace": "shop"}}, "one end is a pod without a name"),
    ],
)
def test_what_might_have_counted_is_shown(change, reason):
    outcome = read_event(**change)

    assert (outcome.reason, outcome.shown, outcome.bad) == (reason, True, False)


def test_a_pod_of_another_cluster_of_a_mesh_is_not_taken_for_ours():
    outcome = read_event(
        source=export_lines.end("shop/web-1", cluster_name="west"),
        destination=export_lines.end("shop/cart-1", cluster_name="east"),
    )

    assert outcome.reason == "one end is in another cluster"


def aggregated(**counts):
    return read_event(Type=None, trace_observation_point=None, l4=None, aggregate=counts)


def test_an_aggregated_record_counts_its_ingress_events():
    assert aggregated(ingress_flow_count=42, egress_flow_count=7).events == 42
    assert aggregated(ingress_flow_count="42").events == 42


def test_an_aggregated_record_without_ingress_events_is_passed_over():
    outcome = aggregated(egress_flow_count=7)

    assert (outcome.reason, outcome.shown) == ("aggregated record without ingress events", False)


def test_an_aggregated_record_that_names_another_observation_point_does_not_count():
    outcome = read_event(trace_observation_point="TO_STACK", aggregate={"ingress_flow_count": 3})

    assert outcome.reason == "forwarded, seen TO_STACK"


def test_lost_events_come_with_their_node_and_number():
    report = read(export_lines.lost(17, at=2, node="default/n3"))

    seconds = export_lines.START_SECONDS + 2
    assert report == Lost("n3", 17, seconds * 10**9)


@pytest.mark.parametrize("kind", ["agent_event", "debug_event", "node_status"])
def test_other_kinds_of_event_are_passed_over(kind):
    line = export_lines.encode({kind: {"type": "X"}, "node_name": "n1"})

    assert read(line) == Skipped(kind.replace("_", " "))


def test_hubbles_own_workloads_are_learned_from_any_flow():
    reader = LineReader()

    reader.read(
        export_lines.line(
            "shop/web-1",
            "shop/cart-1",
            verdict="DROPPED",
            destination=export_lines.end("shop/cart-1", "cart", "StatefulSet"),
        )
    )

    assert reader.names.workloads == {CART: WorkloadRef("shop", "StatefulSet", "cart")}


def test_the_order_of_lines_does_not_matter_where_hubble_contradicts_itself():
    def learned(names):
        reader = LineReader()
        for name in names:
            destination = export_lines.end("shop/cart-1", name)
            reader.read(export_lines.line("shop/web-1", "shop/cart-1", destination=destination))
        return reader.names.workloads

    assert learned(["a", "b"]) == learned(["b", "a"])


def test_unknown_fields_are_tolerated():
    flow = read_event(bytes_sent="18446744073709551615", extensions={"@type": "x", "v": [1, {}]})

    assert isinstance(flow, Flow)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\x00\xff\xfe",
        b"null",
        b"[]",
        b"17",
        b"{}",
        b'{"flow":',
        b'{"flow":17}',
        b'{"flow":{"source":"web"}}',
        b'{"flow":{"time":5}}',
        b'{"flow":{"verdict":"FORWARDED"}}',
        b'{"flow":{"time":"0000-01-01T00:00:00Z"}}',
        b'{"flow":{"time":"9999-12-31T23:59:59Z"}}',
        b'{"flow":{"time":"2150-01-01T00:00:00Z"}}',
        b'{"flow":{"time":"yesterday"}}',
        b'{"lost_events":{"num_events_lost":"-1"}}',
        b'{"lost_events":{"num_events_lost":"many"}}',
        b'{"flow":' + b"[" * 100_000,
        b'"' + b"a" * (LONGEST_LINE_BYTES + 1) + b'"',
    ],
)
def test_a_bad_line_becomes_a_reason_and_raises_nothing(line):
    outcome = read(line)

    assert isinstance(outcome, Skipped)
    assert outcome.bad
    assert outcome.shown
    assert outcome.reason


def test_a_count_beyond_64_bits_is_no_count():
    outcome = aggregated(ingress_flow_count=str(1 << 64))

    assert outcome.bad


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
fields = st.sampled_from(
    [*export_lines.event("a/b", "c/d")["flow"], "aggregate", "uuid", "reply", "event_type"]
)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(line):
    assert isinstance(read(line), Flow | Lost | Skipped)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(fields, json_values, max_size=5), st.integers(0, 4000))
def test_no_field_of_any_type_and_no_truncation_makes_it_raise(changes, length):
    event = export_lines.event("shop/web-1", "shop/cart-1")
    event["flow"] |= changes
    line = json.dumps(event).encode()

    assert isinstance(read(line), Flow | Lost | Skipped)
    assert isinstance(read(line[:length]), Flow | Lost | Skipped)
