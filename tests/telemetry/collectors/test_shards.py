"""Whose an exporter is: evenly shared, and nobody moves who need not."""

import socket
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.telemetry.collectors.frames import (
    Broken,
    Cutter,
    Kind,
    datagram_frame,
    frame,
    read_datagram,
)
from shorthaul.telemetry.collectors.inboxes import handed_on, sender_of
from shorthaul.telemetry.collectors.shards import first_two, shard_of
from shorthaul.telemetry.netflow.exporters import Sender

MEMBERS = [f"shorthaul-collector-{number}" for number in range(5)]
EXPORTERS = [f"10.{number // 250}.7.{number % 250}" for number in range(2_000)]


def owners(members):
    return {each: first_two(members, each)[0] for each in EXPORTERS}


def test_all_have_about_as_many():
    shared = Counter(owners(MEMBERS).values())

    assert set(shared) == set(MEMBERS)
    assert all(400 - 75 < number < 400 + 75 for number in shared.values()), shared


def test_only_exporters_of_who_leaves_move_and_each_to_who_was_second():
    before, after = owners(MEMBERS), owners(MEMBERS[1:])

    moved = {each for each in EXPORTERS if before[each] != after[each]}

    assert moved == {each for each in EXPORTERS if before[each] == MEMBERS[0]}
    assert all(after[each] == first_two(MEMBERS, each)[1] for each in moved)
    assert len({after[each] for each in moved}) == 4


def test_the_order_in_which_members_are_known_does_not_matter():
    assert owners(MEMBERS) == owners(MEMBERS[::-1])


def test_an_exporter_is_the_same_by_whichever_socket_it_came():
    assert shard_of("::ffff:10.0.0.1") == shard_of("10.0.0.1")
    assert shard_of("2001:db8::1") == "2001:db8::1"


def as_sockets_say(address):
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return socket.inet_ntop(family, address.packed)


ADDRESSES = st.ip_addresses().map(as_sockets_say)
senders = st.builds(Sender, ADDRESSES, st.integers(0, 65_535), st.just(False))


@given(st.lists(st.tuples(st.binary(max_size=50), senders), max_size=8), st.integers(1, 40))
def test_datagrams_arrive_as_they_were_sent_wherever_the_stream_is_cut(sent, step):
    stream = frame(Kind.PING) + b"".join(datagram_frame(*each) for each in sent)
    cutter, found = Cutter(), []

    for at in range(0, len(stream), step):
        found += cutter.feed(stream[at : at + step])

    assert [each.kind for each in found] == [Kind.PING] + [Kind.DATAGRAM] * len(sent)
    assert [read_datagram(each.content) for each in found[1:]] == sent


@given(st.lists(st.tuples(st.binary(max_size=50), senders), min_size=1, max_size=8))
def test_what_was_handed_on_has_the_keys_that_a_socket_would_give(sent):
    arrivals = handed_on(sent)

    assert [(arrivals.message(at), arrivals.sender(at)) for at in range(len(sent))] == sent
    assert [sender_of(arrivals.key(at)) for at in range(len(sent))] == [who for _, who in sent]


@pytest.mark.parametrize("content", [b"", b"\0", b"\x08\x07\x09127.0.0.1"[:8], b"\0\1\3abc"])
def test_what_is_no_datagram_is_refused(content):
    with pytest.raises(Broken):
        read_datagram(content)


def test_a_frame_that_would_be_too_long_is_refused_at_its_head():
    with pytest.raises(Broken, match="a frame of 4,294,967,295 bytes"):
        Cutter().feed(b"\xff\xff\xff\xff\2")
