"""Lines whose other end is the world, known by name where a range says so."""

import pytest

from shorthaul.telemetry.flow_files import read_flows_and_events
from shorthaul.telemetry.hubble_anchors import reader
from shorthaul.telemetry.hubble_events import Skipped
from shorthaul.telemetry.hubble_lines import LineReader
from shorthaul.telemetry.ledger_files import LedgerFiles
from shorthaul.traffic import anchors
from shorthaul.traffic.anchors import Anchor, ranges_of
from shorthaul.traffic.entries import UNATTRIBUTED, Entry
from shorthaul.traffic.flows import AnchorFlow
from shorthaul.traffic.observations import AnchorSum
from shorthaul.units import PodRef, Tier
from telemetry.export_lines import end, joined, line

PLACES = ranges_of(
    [
        Anchor("office", ("198.51.100.0/24", "2001:db8::/32"), Tier.REGION),
        Anchor("db", ("198.51.100.7",), Tier.ZONE),
    ]
)
POD, OFFICE, DB = PodRef("shop", "a"), anchors.vertex("office"), anchors.vertex("db")


def addressed(source, destination="10.0.0.2", /, **more):
    return {"IP": {"source": source, "destination": destination}, **more}


def read(text, places=PLACES):
    return reader(places).read(text)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("198.51.100.9", OFFICE),
        ("198.51.100.7", DB),
        ("2001:db8::7", OFFICE),
        ("::ffff:198.51.100.7", DB),
    ],
)
def test_an_answer_from_a_place_is_the_pods_asking(address, place):
    flow = read(line("shop/a", "world", reply=True, **addressed(address)))

    assert isinstance(flow, AnchorFlow)
    assert (flow.ends, flow.reply, flow.outgoing, flow.events) == ((POD, place), True, False, 1)


def test_a_request_from_a_place_is_the_places_asking():
    assert read(line("world", "shop/a", **addressed("198.51.100.9"))).ends == (OFFICE, POD)


def test_what_a_pod_sends_names_the_place_by_the_receivers_address():
    flow = read(line("shop/a", "world", **addressed("10.0.0.2", "198.51.100.9")))

    assert (flow.ends, flow.outgoing) == ((POD, OFFICE), True)


@pytest.mark.parametrize(
    "more",
    [
        addressed("8.8.8.8"),
        addressed("no address"),
        addressed(""),
        {"IP": None},
        {"IP": {"source": 7}},
        {"IP": "198.51.100.9"},
        addressed("198.51.100.9", verdict="DROPPED"),
        addressed("198.51.100.9", trace_observation_point="TO_STACK"),
        addressed("198.51.100.9", source=end("kube-apiserver")),
        addressed("198.51.100.9", source=end("host")),
        addressed("198.51.100.9", destination=end("world")),
        addressed("198.51.100.9", aggregate={"ingress_flow_count": 0}),
        addressed("198.51.100.9", aggregate={"ingress_flow_count": "no"}),
        addressed("198.51.100.9", time="yesterday"),
    ],
)
def test_all_others_are_what_they_were(more):
    text = line("world", "shop/a", **more)

    outcome = read(text)

    assert isinstance(outcome, Skipped)
    assert outcome == LineReader().read(text)


def test_an_address_that_is_no_text_is_the_world_too():
    told = line("world", "shop/a", **addressed("198.51.100.9"))
    text = told.replace(b"198.51.100.9", b"198.51.100.\xff")

    outcome = read(text)

    assert isinstance(outcome, Skipped)
    assert outcome == LineReader().read(text)


def test_an_aggregated_record_counts_its_ingress_events():
    more = addressed("198.51.100.9", aggregate={"ingress_flow_count": "12"})

    assert read(line("world", "shop/a", **more)).events == 12


def test_without_places_nothing_is_looked_up():
    assert isinstance(reader(()), LineReader)


def test_events_are_summed_by_place_and_one_read_twice_counts_once(tmp_path):
    asked = line("shop/a", "world", 1, reply=True, uuid="u1", **addressed("198.51.100.9"))
    again = line("shop/a", "world", 2, reply=True, uuid="u2", **addressed("198.51.100.10"))
    other = line("world", "shop/a", 3, uuid="u3", **addressed("8.8.8.8"))
    file = tmp_path / "a.log"
    file.write_bytes(joined([asked, asked, again, other]))

    found, _ = read_flows_and_events([str(file)], places=PLACES)

    assert found.anchored == (AnchorSum(POD, OFFICE, 0, 2),)
    assert (found.counted_lines, found.ignored["read twice (same uuid, node and time)"]) == (2, 1)
    assert [(left.reason, left.records) for left in found.leftovers] == [("one end is world", 1)]


def test_the_ledger_takes_what_has_a_name_and_passes_the_world_over(tmp_path):
    file = tmp_path / "a.log"
    lines = [line("world", "shop/a", 1, **addressed(each)) for each in ("198.51.100.9", "8.8.8.8")]
    file.write_bytes(joined(lines))
    names = []

    def entry(flow, key):
        names.append(flow.place)
        return Entry(flow.time_nanoseconds, UNATTRIBUTED, UNATTRIBUTED, None, events=1, key=key)

    files = LedgerFiles(entry, lambda done, total: None, PLACES)
    (batch,) = files.batches([str(file)])

    assert (len(batch.entries), names, files.passed) == (1, [OFFICE], {"one end is world": 1})
