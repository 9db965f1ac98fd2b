"""Every recorded packet of real vendors' devices, with totals that two other decoders give.

Records and counters were taken from nfdump 1.7.1 (nfcapd over loopback, `nfdump -o csv`) and from
the raw fields that goflow2 2.2.6 decodes; the two agree on all that both read. Where our totals
differ from theirs, a comment says why: they count what is in the records, we count traffic once.
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import pytest

from shorthaul.telemetry.netflow.decoders import Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.reasons import Reason
from shorthaul.telemetry.netflow.records import Family, Flag, address_text
from telemetry.netflow import two_ways
from telemetry.netflow.packets import conserved, decoded

pytestmark = pytest.mark.recordings


class Expected(NamedTuple):
    """What a group of files holds; `refused` are those of the records that are no traffic."""

    files: str
    records: int
    octets: int
    packets: int
    options: int = 0
    refused: Mapping[str, int] = MappingProxyType({})


GROUPS = {
    "ipfix": Expected("ipfix.dat", 12, 13_279, 54, 1),
    "barracuda": Expected("ipfix_test_barracuda_[dt]*", 8, 388, 4, 0, {"RECORD_NOTHING": 4}),
    "barracuda_extended": Expected("ipfix_test_barracuda_ext*", 2, 0, 0, 0, {"RECORD_NOTHING": 2}),
    "ixia256": Expected("ipfix_test_ixia_tpldata256.dat", 1, 360, 4),
    "ixia271": Expected("ipfix_test_ixia_tpldata271.dat", 2, 132, 2, 0, {"RECORD_NOTHING": 1}),
    "juniper": Expected("ipfix_test_juniper*", 0, 0, 0, 1),
    "mikrotik": Expected("ipfix_test_mikrotik*", 46, 103_235, 253),
    "openbsd": Expected("ipfix_test_openbsd*", 26, 99_323, 209),
    "procera": Expected("ipfix_test_procera*", 8, 0, 0, 0, {"RECORD_NO_BYTES": 8}),
    "vmware": Expected("ipfix_test_vmware*", 5, 806, 8),
    "v5": Expected("netflow5.dat", 30, 18_684, 230),
    "v5_invalid01": Expected("netflow5_test_invalid01.dat", 0, 0, 0),
    "v5_invalid02": Expected("netflow5_test_invalid02.dat", 0, 0, 0),
    "v5_juniper": Expected("netflow5_test_juniper*", 29, 3_989, 31),
    "v5_mikrotik": Expected("netflow5_test_microtik.dat", 30, 40_812, 160),
    "asr1001x": Expected("netflow9_cisco_asr1001x*", 25, 38_255, 124),
    # In 64 + out 96 bytes: each record has one of them, for its own direction.
    "0length": Expected("netflow9_test_0length*", 10, 160, 5, 0, {"RECORD_NOTHING": 5}),
    "1941K9": Expected("netflow9_test_cisco_1941K9.dat", 29, 70_258, 370),
    "aci": Expected("netflow9_test_cisco_aci*", 3, 297, 6),
    "asa_1": Expected("netflow9_test_cisco_asa_1*", 14, 888, 0),
    # An update and the end of a connection have the same bytes: 1,131 + 129,231 with both.
    "asa_2": Expected(
        "netflow9_test_cisco_asa_2*",
        19,
        606 + 64_997,
        0,
        0,
        {"RECORD_EVENT": 4, "RECORD_COUNTED": 7},
    ),
    "asr9k": Expected("netflow9_test_cisco_asr9k*", 21, 208_031, 531, 19),
    "wlc_8510": Expected("netflow9_test_cisco_wlc_8510*", 0, 0, 0),
    # 142,991,108 bytes of stations: the controller tells no destination.
    "wlc": Expected("netflow9_test_cisco_wlc_[dt]*", 19, 0, 0, 0, {"RECORD_NO_ADDRESSES": 19}),
    "segment": Expected("netflow9_test_field*", 1, 52, 1),
    "fortigate": Expected("netflow9_test_fortigate*", 1, 152, 3, 1),
    "v9_invalid": Expected("netflow9_test_invalid01.dat", 2, 194, 2, 1),
    "iptables": Expected("netflow9_test_iptnetflow*", 12, 7_598, 74),
    "macs": Expected("netflow9_test_macaddr*", 29, 0, 0, 1, {"RECORD_NO_BYTES": 29}),
    "nprobe": Expected("netflow9_test_nprobe_[dt][ap][tl]*", 1, 200, 2, 1),
    # 82 bytes from 0.0.0.0 to 0.0.0.0.
    "dpi": Expected("netflow9_test_nprobe_dpi.dat", 1, 0, 0, 0, {"RECORD_NO_ADDRESSES": 1}),
    "paloalto": Expected("netflow9_test_paloalto*", 8, 617, 8),
    "softflowd": Expected("netflow9_test_softflowd*", 7, 1_128, 13),
    "edgerouter": Expected("netflow9_test_ubnt*", 16, 20_418, 114),
    "unknown": Expected("netflow9_test_unknown*", 2, 310, 2),
    "v9_valid": Expected("netflow9_test_valid01.dat", 7, 1_128, 13),
}


@pytest.fixture(scope="module")
def folder(recordings):
    found = recordings / "netflow-vendor"
    if not found.is_dir():
        pytest.skip("no recorded packets of vendors on this machine")
    return found


def messages(folder, pattern):
    """The datagrams of a group, templates first; some files hold several one after the other."""
    found = []
    for path in sorted(folder.glob(pattern), key=lambda path: ("tpl" not in path.name, path.name)):
        data = path.read_bytes()
        while data:
            version, count = struct.unpack_from(">HH", data)
            length = {5: 24 + 48 * count, 10: count}.get(version, len(data))
            found.append(data[:length])
            data = data[length:]
    return found


@pytest.mark.parametrize("name", GROUPS)
def test_totals_of_real_packets_are_those_of_two_other_decoders(folder, name):
    expected = GROUPS[name]

    decoder, records = decoded(*messages(folder, expected.files))

    totals = decoder.totals
    assert totals.records - totals.option_records == expected.records
    assert totals.option_records == expected.options
    assert sum(record.bytes for record in records) == expected.octets
    assert sum(record.packets for record in records) == expected.packets
    refused = {
        reason.name: number
        for reason, number in totals.refused.items()
        if reason.startswith("record:")
    }
    assert refused == expected.refused
    assert conserved(decoder)


def test_every_recorded_file_is_in_exactly_one_group(folder):
    grouped = [path for group in GROUPS.values() for path in folder.glob(group.files)]

    assert sorted(grouped) == sorted(folder.glob("*.dat"))


def test_all_recorded_packets_in_one_decoder_keep_their_totals(folder):
    """Devices share domain and template numbers; their senders keep them apart."""
    decoder, octets = None, 0
    for port, expected in enumerate(GROUPS.values()):
        sender = Sender("192.0.2.1", 2000 + port)
        decoder, records = decoded(
            *messages(folder, expected.files), sender=sender, decoder=decoder
        )
        octets += sum(record.bytes for record in records)

    assert octets == sum(expected.octets for expected in GROUPS.values())
    assert conserved(decoder)


@pytest.mark.parametrize("name", GROUPS)
def test_real_packets_taken_many_at_once_come_to_the_same(folder, name):
    """Each is sent again and again, with the number that is due."""
    sender, numbering = Sender("192.0.2.1", 2055), Decoder()
    found = messages(folder, GROUPS[name].files)
    sent = [(one, sender) for one in [*found, *found, *renumbered(found * 6, numbering)]]
    once, many = Decoder(), Decoder()

    for seed in range(3):
        turns = two_ways.split(sent, seed)
        assert two_ways.many_at_once(turns, many) == two_ways.one_by_one(turns, once)

    assert two_ways.known(many) == two_ways.known(once)
    assert conserved(many)


def renumbered(found, decoder):
    """The same messages, each with the sequence number after the one before."""
    number = 5_000
    for message in found:
        version = int.from_bytes(message[:2], "big")
        at = {5: 16, 9: 12, 10: 8}.get(version, 8)
        yield message[:at] + struct.pack(">I", number) + message[at + 4 :]
        before = decoder.totals.records
        decoded(message[:at] + struct.pack(">I", number) + message[at + 4 :], decoder=decoder)
        number += 1 if version == 9 else decoder.totals.records - before


def test_what_is_meant_to_be_invalid_is_refused_by_reason(folder):
    decoder, records = decoded(*messages(folder, "netflow5_test_invalid0[12].dat"))

    assert records == []
    assert decoder.totals.refused == {Reason.DATAGRAM_COUNT: 2}


def test_data_of_templates_that_were_not_recorded_waits(folder):
    decoder, _ = decoded(*messages(folder, GROUPS["iptables"].files))

    assert sum(exporter.held_sets for exporter in decoder.registry) == 6


def test_an_asa_connection_is_counted_once_each_way(folder):
    _, records = decoded(*messages(folder, GROUPS["asa_2"].files))

    backward = [record.bytes for record in records if record.flags & Flag.REVERSE]
    assert sorted(backward) == sorted([763, 6207, 9075, 5536, 14179, 14178, 881, 14178])
    assert all(record.flags & Flag.EVENT for record in records)
    assert all(any(record.post_source) for record in records)


def test_a_rate_in_the_header_of_v5_reaches_its_records(folder):
    _, records = decoded(*messages(folder, GROUPS["v5_juniper"].files))

    assert {record.sampling for record in records} == {1000}


def test_a_mikrotik_record_is_read_field_by_field(folder):
    _, records = decoded(*messages(folder, GROUPS["mikrotik"].files))

    families = [record.family for record in records]
    assert (families.count(Family.IPV4), families.count(Family.IPV6)) == (28, 18)
    first = records[0]
    assert address_text(first.source, first.family).count(".") == 3
    assert address_text(first.post_source, Family.IPV4).count(".") == 3
    assert all(record.protocol in (1, 2, 6, 17, 58) for record in records)
