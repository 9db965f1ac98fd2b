"""Faults that other collectors had, by their public names: none of them is ours.

CVE-2026-48683, -48684 and -48689 are FastNetMon's (loops over NetFlow v9 data and options past the
packet's end, a heap overflow from a template's length); CVE-2022-2529 is goflow's (lengths that
nobody checked, and memory without a bound, in sFlow); the others are from nfdump's change log.
"""

import struct
import tracemalloc

import pytest

from shorthaul.telemetry.netflow.exporters import Sender
from telemetry.netflow import packets as p


def test_cve_2026_48683_data_does_not_run_past_its_set_or_packet():
    """The set says more than there is; the last record is cut."""
    content = p.flow4() + p.flow4()[:-1]
    whole = p.message9(p.template(256, p.FLOW4, version=9), p.data_set(256, content))
    lying = p.data_set(256, content)[:2] + struct.pack(">H", 4 + len(content) + 40) + content

    decoder, records = p.decoded(whole)
    liar, none = p.decoded(p.message9(p.template(256, p.FLOW4, version=9), lying, sequence=1))

    assert (len(records), none) == (1, [])
    assert decoder.totals.records == 1
    assert p.refused(liar) == {"SET_CUT": 1}


@pytest.mark.parametrize(
    ("scope", "option"), [(3, 4), (4, 3), (0xFFFF, 0xFFFF), (4, 0xFFFC), (2, 2), (0, 0)]
)
def test_cve_2026_48684_an_options_template_stays_within_its_set(scope, option):
    record = struct.pack(">HHH", 300, scope, option) + p.fields([(1, 4), (34, 4)])
    data = p.data_set(300, bytes(64))

    decoder, records = p.decoded(p.message9(p.data_set(1, record), data))

    assert (records, decoder.registry.templates) == ([], 0)
    reasons = set(p.refused(decoder))
    assert reasons <= {"TEMPLATE_SCOPE", "TEMPLATE_FIELDS", "TEMPLATE_CUT", "TEMPLATE_EMPTY"}
    assert sum(p.refused(decoder).values()) == 1


@pytest.mark.parametrize("version", [9, 10])
@pytest.mark.parametrize("width", [0xFFFE, 0xFFFF])
def test_cve_2026_48689_a_field_wider_than_any_packet_overflows_nothing(version, width):
    spec = ((8, 4), (12, 4), (1, 4), (82, width), (27, width))
    make = p.message10 if version == 10 else p.message9
    sets = p.template(256, spec, version=version), p.data_set(256, bytes(200) + b"\xff\xff\xff")

    decoder, records = p.decoded(make(*sets))

    assert records == []
    assert decoder.totals.flow_records == 0
    assert p.conserved(decoder)


@pytest.mark.parametrize("width", [255, 254, 100])
def test_a_length_inside_a_record_does_not_run_past_the_set(width):
    spec = ((8, 4), (12, 4), (1, 4), (82, 0xFFFF))
    long = b"\xff\xff\xff" if width == 255 else bytes([width])
    good = bytes(3) + b"\1" + bytes(3) + b"\2" + p.number(50, 4) + b"\2ab"
    content = good + good[:12] + long + b"short"
    following = p.data_set(256, good)

    decoder, records = p.decoded(
        p.message10(p.template(256, spec), p.data_set(256, content), following)
    )

    assert [record.bytes for record in records] == [50, 50]
    assert p.refused(decoder) == {"RECORD_CUT": 1}


def test_cve_2022_2529_lengths_that_lie_cost_no_memory():
    huge = struct.pack(">HHIII", 10, 0xFFFF, p.SECONDS, 0, 0) + struct.pack(">HH", 256, 0xFFFF)
    many = struct.pack(">HH", 2, 12) + struct.pack(">HH", 256, 0xFFFF) + bytes(4)

    tracemalloc.start()
    decoder, records = p.decoded(huge, p.message10(many))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert records == []
    assert p.refused(decoder) == {"BYTES_MISSING": 1, "SET_CUT": 1, "TEMPLATE_FIELDS": 1}
    assert peak < 4 << 20  # The batch of this test alone is 2 MiB.


@pytest.mark.parametrize("length", [0, 1, 3])
@pytest.mark.parametrize("version", [9, 10])
def test_nfdump_2016_a_set_shorter_than_its_header_ends_the_message(version, length):
    make = p.message10 if version == 10 else p.message9
    good = p.template(256, p.FLOW4, version=version), p.data_set(256, p.flow4())
    endless = struct.pack(">HH", 256, length)

    decoder, records = p.decoded(make(*good, endless, *good))

    assert len(records) == 1
    assert p.refused(decoder) == {"SET_LENGTH": 1}


@pytest.mark.parametrize("version", [9, 10])
def test_nfdump_2016_a_template_without_fields_or_length_is_never_used(version):
    make = p.message10 if version == 10 else p.message9
    nothing = p.template(256, (), version=version)
    no_length = p.template(257, ((8, 0), (1, 0)), version=version)
    data = p.data_set(256, bytes(40)), p.data_set(257, bytes(40))

    decoder, records = p.decoded(make(nothing, no_length, *data))

    assert (records, decoder.registry.templates, decoder.totals.records) == ([], 0, 0)
    empty = "TEMPLATE_EMPTY"
    expected = {empty: 2} if version == 9 else {empty: 1, "TEMPLATE_WITHDRAWN": 1}
    assert p.refused(decoder) == expected


def test_nfdump_2018_garbage_after_a_good_header_is_refused():
    for version in (9, 10):
        make = p.message10 if version == 10 else p.message9
        decoder, records = p.decoded(make(bytes(range(1, 256)) * 4))

        assert records == []
        assert sum(p.refused(decoder).values()) >= 1


def test_nfdump_2020_templates_belong_to_a_port():
    theirs = Sender(p.EXPORTER.address, 40_000)
    swapped = ((12, 4), (8, 4), (1, 4))
    decoder, _ = p.decoded(p.message9(p.template(256, p.FLOW4, version=9)))
    p.decoded(p.message9(p.template(256, swapped, version=9)), sender=theirs, decoder=decoder)

    _, records = p.decoded(p.message9(p.data_set(256, p.flow4()), sequence=1), decoder=decoder)

    assert [record.bytes for record in records] == [1000]


def test_nfdump_2025_ipfix_numbers_are_of_records():
    """Their check went by messages."""
    flows = p.template(256, p.FLOW4), p.data_set(256, p.flow4() * 20)

    decoder, _ = p.decoded(p.message10(*flows), p.message10(*flows, sequence=20))

    assert decoder.loss(10).lost == 0


def test_a_record_that_is_text_stays_bytes():
    """The `netflow` package reads a packet that is valid UTF-8 as hexadecimal digits."""
    spec = ((8, 4), (12, 4), (1, 4))
    text = struct.pack(">HHIIII", 9, 2, 0x30303030, 0x30303030, 0, 0)
    content = b"aaaabbbb0001"

    _, records = p.decoded(text + p.template(256, spec, version=9) + p.data_set(256, content))

    assert [record.bytes for record in records] == [0x30303031]
