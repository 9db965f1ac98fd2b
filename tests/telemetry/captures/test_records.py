"""Records of captures: the decoder's totals, and the same keys whatever files they come in."""

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.errors import BadInput
from shorthaul.telemetry.captures.exports import read_exports
from shorthaul.telemetry.captures.kinds import Kind, by_kind
from shorthaul.telemetry.captures.ledger_captures import read_captures
from shorthaul.telemetry.captures.records import decode
from shorthaul.telemetry.netflow_lines import Rules
from telemetry.captures.capture_files import pcap, pcapng, udp
from telemetry.netflow import packets
from telemetry.netflow.packets import FLOW4, decoded
from telemetry.netflow.test_vendor_packets import GROUPS, messages

RULES = Rules(1_800_000)
TEMPLATE = packets.template(300, FLOW4)


def records(*paths):
    return decode(read_exports(paths).exports, RULES)


def summary(found):
    return sorted(
        (each.key, each.passage.transfer, each.time_nanoseconds) for each in found.records
    )


@pytest.fixture(scope="module")
def folder(recordings):
    found = recordings / "netflow-vendor"
    if not found.is_dir():
        pytest.skip("no recorded packets of vendors on this machine")
    return found


@pytest.mark.recordings
@pytest.mark.parametrize("name", GROUPS)
def test_vendors_packets_come_to_the_decoders_totals(folder, name):
    files = sorted(folder.glob(GROUPS[name].files))
    assert set(by_kind(list(map(str, files)))) <= {Kind.CAPTURE}
    _, expected = decoded(*messages(folder, GROUPS[name].files))

    found = records(*files)

    octets = sum(each.passage.transfer.bytes for each in found.records)
    layer2 = found.passed.total() - sum(GROUPS[name].refused.values())
    assert len(found.records) + layer2 == len(expected)
    assert octets == sum(record.bytes * (record.sampling or 1) for record in expected)
    assert summary(records(*reversed(files), *files)) == summary(found)


@pytest.mark.recordings
def test_all_vendors_packets_in_one_capture_shuffled_have_the_same_keys(folder, tmp_path):
    sent = []
    for number, group in enumerate(GROUPS.values()):
        for message in messages(folder, group.files):
            sent.append((1_750_000_000_000 + len(sent), udp(f"10.3.0.{number}", 2_055, message)))
    (tmp_path / "whole.pcap").write_bytes(pcap(sent))
    shuffled = sent[:]
    random.Random(4).shuffle(shuffled)
    for part in range(3):
        (tmp_path / f"part{part}.gz").write_bytes(gzip.compress(pcapng(shuffled[part::3])))

    whole = records(tmp_path / "whole.pcap")
    parts = records(*tmp_path.glob("part*"), tmp_path / "whole.pcap")

    octets = sum(group.octets for group in GROUPS.values())
    unscaled = [m for g in GROUPS.values() for m in decoded(*messages(folder, g.files))[1]]
    assert sum(record.bytes for record in unscaled) == octets
    assert sum(each.passage.transfer.bytes for each in whole.records) == sum(
        record.bytes * (record.sampling or 1) for record in unscaled
    )
    assert summary(parts) == summary(whole)
    assert len({each.key for each in whole.records}) == len(whole.records)


def sent_messages(sizes, *, sequence=0):
    """A template, and messages of one record each."""
    found = [packets.message10(TEMPLATE, sequence=sequence)]
    for number, size in enumerate(sizes):
        content = packets.data_set(300, packets.flow4(octets=size))
        found.append(packets.message10(content, sequence=sequence + number))
    return found


@given(st.lists(st.integers(1, 3), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_keys_do_not_depend_on_when_a_template_came(tmp_path_factory, sizes, chance):
    folder = tmp_path_factory.mktemp("order")
    sent = [(1_000 + n, udp("10.0.0.9", 2_055, one)) for n, one in enumerate(sent_messages(sizes))]
    late = [(at if at > 1_000 else 9_000, frame) for at, frame in sent]
    chance.shuffle(late)
    (folder / "one").write_bytes(pcap(sent))
    (folder / "two").write_bytes(pcap(late))

    one, two = records(folder / "one"), records(folder / "two")

    assert [key for key, *_ in summary(one)] == [key for key, *_ in summary(two)]
    assert sum(each.passage.transfer.bytes for each in one.records) == sum(sizes)


def test_records_that_are_alike_in_one_message_all_count(tmp_path):
    alike = packets.data_set(300, packets.flow4(octets=7) * 5)
    frame = udp("10.0.0.9", 2_055, packets.message10(TEMPLATE + alike))
    (tmp_path / "a.pcap").write_bytes(pcap([(1_000, frame), (2_000, frame)]))

    found = read_captures([tmp_path / "a.pcap"], [], RULES)

    assert len(found.records) == 5
    assert any("1 messages are in the files again" in warning for warning in found.warnings)


def test_data_without_its_template_is_told_and_counts_when_it_comes(tmp_path):
    template, data = sent_messages([40])
    (tmp_path / "data").write_bytes(data)
    (tmp_path / "template").write_bytes(template)

    alone = records(tmp_path / "data")
    both = records(tmp_path / "data", tmp_path / "template")

    assert alone.records == []
    assert any("1 sets of data wait for a template" in warning for warning in alone.warnings)
    assert [each.passage.transfer.bytes for each in both.records] == [40]


def test_a_capture_without_exports_is_an_error_and_a_cut_one_is_told(tmp_path):
    (tmp_path / "web.pcap").write_bytes(pcap([(1, udp("10.0.0.1", 80, b"GET /"))]))
    sent = [(n, udp("10.0.0.9", 2_055, one)) for n, one in enumerate(sent_messages([1, 2]))]
    (tmp_path / "cut.pcap").write_bytes(pcap(sent)[:-5])

    with pytest.raises(BadInput, match=r"web\.pcap: no message of NetFlow or IPFIX"):
        read_captures([tmp_path / "web.pcap"], [], RULES)
    found = read_captures([tmp_path / "cut.pcap"], [], RULES)

    assert len(found.records) == 1
    assert any("ends in a packet" in warning for warning in found.warnings)


def test_more_than_fits_in_memory_is_an_error(tmp_path):
    (tmp_path / "a.pcap").write_bytes(pcap([(1, udp("10.0.0.9", 2_055, sent_messages([1])[0]))]))

    with pytest.raises(BadInput, match="at once; give fewer"):
        read_exports([tmp_path / "a.pcap"], 50)
