"""The collector's lines, read back: what counts, what is refused and why, and where."""

import gzip
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.errors import BadInput
from shorthaul.telemetry import netflow_lines
from shorthaul.telemetry.collectors.sinks import line_of
from shorthaul.telemetry.netflow.decoders import ROOM, Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.records import LAYOUT, NO_ADDRESS, Batch, Flag, Record
from shorthaul.telemetry.netflow_lines import Noted, Refused, Rules, read_records
from shorthaul.traffic.addresses.bills import Counts, Transfer
from shorthaul.traffic.addresses.parties import read_address
from shorthaul.traffic.rate_errors import sampling_variance
from telemetry.netflow import packets as p

NOW = 1_780_000_000_000
RULES = Rules(longest_milliseconds=60_000)
REVERSED = (29_305, 1)
WEB, CART, VIRTUAL = map(read_address, ("10.1.0.1", "10.1.0.2", "10.2.0.1"))
RECORD = Record(
    *(WEB, CART, NO_ADDRESS, NO_ADDRESS),
    *(1_000, 3, NOW - 20_000, NOW - 10_000, NOW),
    *(1, 7, 4, 5, 0),
    *(40_000, 80, 0, 0),
    *(6, 4, 0, 0),
)


def text_of(record):
    told = line_of(record, lambda number: Sender("10.0.0.1", 2_055))
    return msgspec.json.encode(told) + b"\n"


def read(folder, *lines, rules=RULES, name="records.jsonl"):
    file = folder / name
    file.write_bytes(b"".join(line if isinstance(line, bytes) else text_of(line) for line in lines))
    return read_records([str(file)], rules)


def only(folder, record, rules=RULES):
    (passage,) = read(folder, record, rules=rules).passages
    return passage


def test_a_record_comes_back_as_it_was_counted(tmp_path):
    passage = only(tmp_path, RECORD)

    assert passage.transfer == Transfer(WEB, CART, NOW - 20_000, NOW - 10_000, 1_000, 3)
    assert (passage.source_port, passage.destination_port, passage.protocol) == (40_000, 80, 6)
    assert passage.exporter == read_address("10.0.0.1")
    assert passage.since == NOW - 20_000


@pytest.mark.parametrize("much", [{"bytes": 1 << 62}, {"packets": 1 << 62}])
def test_counts_that_the_sampling_makes_absurd_are_refused_and_counted(tmp_path, much):
    found = read(tmp_path, RECORD._replace(**much, sampling=2), RECORD)

    assert [passage.transfer.bytes for passage in found.passages] == [1_000]
    assert found.refused[Refused.LARGE].counts == Counts(records=1)


def test_the_receiver_counts_after_a_translation_and_the_sender_before_one(tmp_path):
    told = RECORD._replace(
        destination=VIRTUAL,
        post_destination=CART,
        post_destination_port=8_080,
        post_source=VIRTUAL,
        post_source_port=1,
    )

    passage = only(tmp_path, told)

    assert passage.transfer[:2] == (WEB, CART)
    assert (passage.source_port, passage.destination_port) == (40_000, 8_080)


@pytest.mark.parametrize("translated", [True, False])
def test_the_way_back_goes_from_the_receiver_to_the_sender_of_the_way_there(tmp_path, translated):
    spec = [*p.FLOW4, (225, 4), (226, 4), (227, 2), (228, 2), (REVERSED, 8)]
    post = ["10.9.0.9", "10.1.0.2"] if translated else ["0.0.0.0", "0.0.0.0"]
    content = p.flow4(
        100,
        destination="10.2.0.1" if translated else "10.1.0.2",
        ports=(40_000, 80 if translated else 8_080),
        source="10.0.0.1",
    )
    content += p.number(p.address(post[0]), 4) + p.number(p.address(post[1]), 4)
    content += p.number(555 * translated, 2) + p.number(8_080 * translated, 2) + p.number(900, 8)
    batch = Batch(ROOM)
    message = p.message10(p.template(256, spec), p.data_set(256, content))
    Decoder().decode(message, p.EXPORTER, p.NOW, batch)

    there, back = read(tmp_path, *batch).passages

    client, backend = read_address("10.0.0.1"), read_address("10.1.0.2")
    assert (*there.transfer[:2], there.transfer.bytes) == (client, backend, 100)
    assert (there.source_port, there.destination_port) == (40_000, 8_080)
    assert (*back.transfer[:2], back.transfer.bytes) == (backend, client, 900)
    assert (back.source_port, back.destination_port) == (8_080, 40_000)


@pytest.mark.parametrize(("told", "asked", "expected"), [(10, 5, 10), (0, 5, 5), (0, 1, 1)])
def test_counts_are_scaled_by_the_sampling_that_was_told_or_asked_for(
    tmp_path, told, asked, expected
):
    passage = only(tmp_path, RECORD._replace(sampling=told), replace(RULES, sampling=asked))

    assert passage.transfer[4:6] == (1_000 * expected, 3 * expected)
    assert passage.transfer.variance == sampling_variance(1_000, 3, expected)


@pytest.mark.parametrize(
    "change",
    [
        {"flags": int(Flag.NO_TIME)},
        {"start": NOW - 9_999},
        {"end": NOW + 60_001},
        {"start": 0, "end": NOW - 60_001},
    ],
)
def test_a_record_whose_time_cannot_be_takes_the_widest_stretch(tmp_path, change):
    reading = read(tmp_path, RECORD._replace(**change))

    (passage,) = reading.passages
    assert passage.transfer[2:4] == (NOW - 60_000, NOW)
    assert passage.since == NOW
    assert reading.noted[Noted.NO_TIME] == 1


def test_a_total_counts_whole_and_lengthens_the_stretch_by_its_end(tmp_path):
    reading = read(tmp_path, RECORD._replace(flags=int(Flag.TOTAL | Flag.EVENT), sampling=1))

    (passage,) = reading.passages
    assert passage.transfer[2:5] == (NOW - 20_000, NOW - 10_000, 1_000)
    assert passage.since == NOW - 10_000
    assert reading.noted == {Noted.TOTAL: 1, Noted.EVENT: 1}


def test_a_flag_that_a_line_repeats_is_noted_once(tmp_path):
    told = text_of(RECORD._replace(flags=int(Flag.EVENT), sampling=1))

    reading = read(tmp_path, told.replace(b'["event"]', b'["event","other","event"]'))

    assert reading.noted == {Noted.EVENT: 1}


@pytest.mark.parametrize(
    "change",
    [{"ingress": 9}, {"direction": 1}, {"domain": 8}],
    ids=["interface", "direction", "domain"],
)
def test_points_of_one_exporter_are_told_apart(tmp_path, change):
    assert only(tmp_path, RECORD).point != only(tmp_path, RECORD._replace(**change)).point


def test_where_a_flow_goes_on_to_is_no_other_point(tmp_path):
    assert only(tmp_path, RECORD).point == only(tmp_path, RECORD._replace(egress=6)).point


def test_bad_lines_are_counted_by_reason_with_the_first_place(tmp_path):
    between_macs = RECORD._replace(
        source=bytes(10) + b"\2\0\0\0\0\1", destination=bytes(10) + b"\2\0\0\0\0\2", family=2
    )
    no_address = text_of(RECORD).replace(b"10.1.0.2", b"10.1.0.256")

    reading = read(
        tmp_path,
        RECORD,
        *(b"{\n", b'"text"\n', text_of(RECORD).replace(b"40000", b"70000")),
        *(b"\xff" * 100_000, b"\n", between_macs, between_macs._replace(sampling=10), no_address),
    )

    place = str(tmp_path / "records.jsonl")
    told = {reason: (each.counts, each.first) for reason, each in reading.refused.items()}
    assert told == {
        Refused.NO_RECORD: (Counts(0, 0, 4), f"{place}:2"),
        Refused.LAYER2: (Counts(11_000, 33, 2), f"{place}:6"),
        Refused.NO_ADDRESS: (Counts(1_000, 3, 1), f"{place}:8"),
    }
    assert len(reading.passages) == 1


def test_a_compressed_file_that_ends_early_gives_what_came_before(tmp_path):
    file = tmp_path / "records.jsonl.gz"
    whole = gzip.compress(b"".join(text_of(RECORD._replace(bytes=n)) for n in range(20_000)))
    file.write_bytes(whole[: len(whole) // 2])

    reading = read_records([str(file)], RULES)

    assert 0 < len(reading.passages) < 20_000
    (damage,) = reading.damages
    assert damage.startswith(f"{file}: ends early")


def test_a_file_without_records_is_told(tmp_path):
    with pytest.raises(BadInput, match="no records in it; give what shorthaul collector"):
        read(tmp_path, b"\n")


@given(st.lists(st.binary(min_size=LAYOUT.size, max_size=LAYOUT.size), min_size=1, max_size=20))
def test_all_that_a_collector_can_write_is_a_passage_or_refused(tmp_path_factory, packed):
    records = [
        Record(*LAYOUT.unpack(each))._replace(family=family)
        for each, family in zip(packed, [4, 6, 2] * 7, strict=False)
    ]
    records = [each._replace(bytes=each.bytes >> 1, packets=each.packets >> 1) for each in records]

    reading = read(tmp_path_factory.mktemp("lines"), *map(_possible, records))

    refused = sum((each.counts for each in reading.refused.values()), Counts())
    assert len(reading.passages) + refused.records == len(records)
    factors = [(each, each.sampling or 1) for each in records]
    fit = [(each, n) for each, n in factors if max(each.bytes, each.packets) * n < 1 << 63]
    whole = sum(each.bytes * n for each, n in fit)
    assert sum(each.transfer.bytes for each in reading.passages) + refused.bytes == whole


def _possible(record):
    """With times that fit into the lines' range, which lasts for 292 million years."""
    return record._replace(
        **{name: getattr(record, name) >> 1 for name in ("start", "end", "received")}
    )


def test_more_records_than_memory_has_room_for_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(netflow_lines, "RECORD_LIMIT", 2)

    with pytest.raises(BadInput, match=r"jsonl:3: more than 2 records; give files of a shorter"):
        read(tmp_path, RECORD, RECORD, RECORD)
