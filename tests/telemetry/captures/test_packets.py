"""Captures in either form and byte order have the same datagrams; any other bytes do no harm."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.telemetry.captures import frames
from shorthaul.telemetry.captures.packets import Broken, is_capture, packets
from telemetry.captures.capture_files import block, pcap, pcapng, udp
from telemetry.collectors import traffic

FRAMES = [(1_750_000_000_123 + n, udp("10.0.0.1", 5_000 + n, bytes([n] * n))) for n in range(5)]
FORMS = {
    "little": pcap(FRAMES),
    "big": pcap(FRAMES, ">"),
    "nanoseconds": pcap(FRAMES, units=1_000_000_000),
    "new": pcapng(FRAMES),
    "new, big": pcapng(FRAMES, ">"),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_has_all_packets_with_their_times(form):
    assert is_capture(FORMS[form])

    found = [(each.milliseconds, each.frame) for each in packets(FORMS[form])]

    assert found == FRAMES


def until_broken(content):
    """The packets, and whether the file broke off."""
    found = []
    try:
        for each in packets(content):
            found.append((each.milliseconds, each.frame))
    except Broken:
        return found, True
    return found, False


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_ends_early_gives_what_is_whole(form):
    whole = FORMS[form]
    for end in range(len(whole) - 40, len(whole) - 1):
        found, broken = until_broken(whole[:end])
        assert broken
        assert found == FRAMES[: len(found)]
        assert len(found) >= 3


def test_sections_of_other_byte_orders_follow_each_other():
    both = pcapng(FRAMES[:2]) + pcapng(FRAMES[2:], ">")

    assert [each.frame for each in packets(both)] == [frame for _, frame in FRAMES]


def test_blocks_of_other_kinds_are_stepped_over():
    content = pcapng(FRAMES[:1])
    content += block("<", 5, bytes(12)) + block("<", 0xBAD, b"anything")

    assert len(list(packets(content))) == 1


@given(st.sampled_from(sorted(FORMS)), st.integers(0, 400), st.binary(min_size=1, max_size=40))
def test_spoilt_captures_end_in_packets_or_in_broken(form, at, noise):
    spoilt = bytearray(FORMS[form])
    spoilt[at : at + len(noise)] = noise
    try:
        for each in packets(bytes(spoilt)):
            frames.datagram(each.link, each.frame, cut=each.cut)
    except Broken:
        pass


@given(st.sampled_from([0, 1, 12, 101, 113, 276, 999]), st.binary(max_size=120), st.booleans())
def test_any_frame_is_a_datagram_or_a_reason(link, frame, cut):
    assert isinstance(frames.datagram(link, frame, cut=cut), str | frames.Datagram)


IP = udp("192.0.2.7", 2_055, b"what was sent")[14:]
TOLD = frames.Datagram("192.0.2.7", 2_055, b"what was sent")


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, traffic.ethernet(0x0800, IP)),
        (1, bytes(12) + struct.pack(">HHHH", 0x8100, 7, 0x0800, 0)[:6] + IP),
        (1, bytes(12) + struct.pack(">HHHHH", 0x88A8, 7, 0x8100, 9, 0x0800) + IP),
        (101, IP),
        (12, IP),
        (0, struct.pack("=I", 2) + IP),
        (113, bytes(14) + struct.pack(">H", 0x0800) + IP),
        (276, struct.pack(">H", 0x0800) + bytes(18) + IP),
        (1, traffic.ethernet(0x0800, IP + bytes(20))),
    ],
)
def test_the_datagram_of_each_link(link, frame):
    assert frames.datagram(link, frame) == TOLD


def test_ipv6_with_options_in_between():
    segment = struct.pack(">HHHH", 4_739, 4_739, 10, 0) + b"ab"
    options = bytes([17, 0, 1, 4, 0, 0, 0, 0])
    packet = traffic.ipv6("2001:db8::5", "2001:db8::1", 0, options + segment)

    assert frames.datagram(101, packet) == frames.Datagram("2001:db8::5", 4_739, b"ab")


@pytest.mark.parametrize(
    ("link", "frame", "reason"),
    [
        (147, IP, frames.LINK),
        (101, IP[:6] + b"\x20\x00" + IP[8:], frames.FRAGMENT),
        (101, IP[:6] + b"\x00\x08" + IP[8:], frames.FRAGMENT),
        (101, IP[:9] + b"\x06" + IP[10:], frames.NO_UDP),
        (1, traffic.ethernet(0x0806, bytes(28)), frames.NO_UDP),
        (101, IP[:-3], frames.NO_UDP),
    ],
)
def test_what_is_no_datagram_is_told(link, frame, reason):
    assert frames.datagram(link, frame) == reason


def test_what_the_capture_cut_off_is_told():
    assert frames.datagram(101, IP[:-3], cut=True) == frames.CUT
