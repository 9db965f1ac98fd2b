"""Messages of the three versions become records, field by field; what is refused is counted."""

import pytest

from shorthaul.telemetry.netflow import choices
from shorthaul.telemetry.netflow.decoders import ROOM, Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.limits import Limits
from shorthaul.telemetry.netflow.networks import Networks
from shorthaul.telemetry.netflow.records import Batch, Direction, Family, Flag, address_text
from telemetry.netflow import packets as p

SECONDS = p.SECONDS
EXPORTED = SECONDS * 1000
STREAM = Sender("192.0.2.1", 4739, stream=True)


def only(*messages, **given):
    """The one record that some messages give."""
    decoder, records = p.decoded(*messages, **given)
    assert p.conserved(decoder)
    assert len(records) == 1, (records, p.refused(decoder))
    return records[0]


def of(spec, *values, version=10, **given):
    """The records of one data record of a template."""
    content = b"".join(
        p.number(value, width) for value, (_, width) in zip(values, spec, strict=True)
    )
    sets = p.template(256, spec, version=version), p.data_set(256, content)
    make = p.message10 if version == 10 else p.message9
    return p.decoded(make(*sets), **given)


def test_a_v5_record_is_read_whole():
    record = only(p.message5(p.record5(), engine=7, sampling=0x4000 | 512))

    assert address_text(record.source, record.family) == "10.0.0.1"
    assert address_text(record.destination, record.family) == "10.0.0.2"
    assert (record.source_port, record.destination_port, record.protocol) == (1234, 80, 6)
    assert (record.bytes, record.packets) == (1000, 10)
    assert (record.ingress, record.egress, record.domain) == (3, 4, 7)
    assert record.sampling == 512
    assert record.start == EXPORTED - 5000
    assert record.end == EXPORTED - 1000
    assert record.received == p.NOW
    assert record.direction == Direction.UNKNOWN
    assert record.flags == 0


@pytest.mark.parametrize("version", [9, 10])
def test_a_template_in_the_same_message_is_enough(version):
    make = p.message10 if version == 10 else p.message9

    record = only(make(p.template(256, p.FLOW4, version=version), p.data_set(256, p.flow4())))

    assert (record.bytes, record.packets) == (1000, 10)
    assert record.flags == Flag.NO_TIME
    assert record.start == record.end == EXPORTED


def test_uptime_wraps_after_49_days():
    wrapped = p.record5(first=2**32 - 2000, last=500)

    record = only(p.message5(wrapped, uptime=1000))

    assert record.start == EXPORTED - 3000
    assert record.end == EXPORTED - 500


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((152, 8, 1_699_999_990_123), (153, 8, 1_699_999_995_456), (-9877, -4544)),
        ((150, 4, 1_699_999_990), (151, 4, 1_699_999_995), (-10_000, -5_000)),
        ((154, 8, 3_908_988_790 << 32 | 1 << 31), (155, 8, 0), (-9500, -9500)),
        ((156, 8, 3_908_988_790 << 32), (323, 8, 1_699_999_999_000), (-10_000, -1000)),
        ((158, 4, 9_000_000), (159, 4, 2_000_000), (-9_000, -2_000)),
        ((161, 4, 4_000), (153, 8, 1_699_999_995_000), (-9_000, -5_000)),
        ((152, 8, 2**63), (151, 8, 2**63), (0, 0)),
        ((152, 8, 1_699_999_999_000), (153, 8, 1_699_999_995_000), (-5_000, -5_000)),
    ],
)
def test_every_kind_of_time_becomes_unix_milliseconds(start, end, expected):
    spec = (*p.FLOW4, start[:2], end[:2])

    _, records = of(spec, 1, 2, 3, 4, 6, 100, 1, start[2], end[2])

    at = EXPORTED
    assert (records[0].start - at, records[0].end - at) == expected


def test_uptime_in_ipfix_needs_the_start_time_that_options_tell():
    spec = (*p.FLOW4, (22, 4), (21, 4))
    flow = p.flow4() + p.number(1000, 4) + p.number(3000, 4)
    boot = EXPORTED - 60_000
    told = p.options10(300, [(143, 4)], [(160, 8)]), p.data_set(300, bytes(4) + p.number(boot, 8))

    before = only(p.message10(p.template(256, spec), p.data_set(256, flow)))
    after = only(p.message10(*told, p.template(256, spec), p.data_set(256, flow)))

    assert before.start == before.end == EXPORTED
    assert (after.start, after.end) == (boot + 1000, boot + 3000)


def test_ipv6_and_fields_after_translation():
    spec = ((27, 16), (28, 16), (1, 8), (281, 16), (282, 16), (227, 2), (228, 2), (4, 1))

    _, records = of(spec, 1 << 120, 2, 500, 3, 4, 5, 6, 17)

    record = records[0]
    assert record.family == Family.IPV6
    assert address_text(record.source, Family.IPV6) == "100::"
    assert record.destination == bytes(15) + b"\2"
    assert record.post_source == bytes(15) + b"\3"
    assert record.post_destination == bytes(15) + b"\4"
    assert (record.post_source_port, record.post_destination_port) == (5, 6)


def test_the_next_header_of_ipv6_is_the_protocol_where_no_other_field_tells_it():
    spec = ((27, 16), (28, 16), (193, 1), (1, 8))

    _, (record,) = of(spec, 1, 2, 6, 900)
    _, (other,) = of(((4, 1), *spec), 17, 1, 2, 0, 900)

    assert (record.protocol, other.protocol) == (6, 17)


def named(name, direction=0, *, width=0xFFFF, numbers=()):
    """The interfaces of a record that tells one by its name."""
    spec = ((8, 4), (12, 4), (1, 4), (61, 1), *((number, 4) for number, _ in numbers), (82, width))
    head = bytes([len(name)]) if width == 0xFFFF else b""
    content = p.number(1, 4) + p.number(2, 4) + p.number(900, 4) + p.number(direction, 1)
    content += b"".join(p.number(value, 4) for _, value in numbers) + head + name
    record = only(p.message10(p.template(256, spec), p.data_set(256, content)))
    return record.ingress, record.egress


def test_an_interface_that_only_a_name_tells_has_a_number_made_from_it():
    came_in, went_out = named(b"veth1a2b3c4d"), named(b"veth1a2b3c4d", 1)

    assert came_in == went_out[::-1] == (came_in[0], 0)
    assert 0 < came_in[0] < 1 << 32
    assert named(b"veth1a2b3c4e")[0] not in (0, came_in[0])
    assert named(b"eth0", width=4) == named(b"eth0")
    assert named(b"") == (0, 0)


def test_an_interfaces_own_number_comes_before_its_name():
    assert named(b"eth0", numbers=((10, 7), (14, 0))) == (7, 0)
    assert named(b"eth0", numbers=((10, 0), (14, 7))) == (0, 7)


def test_post_nat_ipv4_addresses_are_kept_beside_the_first_ones():
    spec = (*p.FLOW4, (225, 4), (226, 4), (227, 2), (228, 2))

    _, records = of(spec, 1, 2, 3, 4, 6, 100, 1, 0, p.address("10.1.2.3"), 0, 8080)

    record = records[0]
    assert record.post_source == bytes(16)
    assert address_text(record.post_destination, Family.IPV4) == "10.1.2.3"
    assert record.post_destination_port == 8080


def test_reduced_size_counters_are_read_by_their_width():
    spec = ((8, 4), (12, 4), (1, 3), (2, 1), (10, 2))

    _, records = of(spec, 1, 2, 0x123456, 7, 9)

    assert (records[0].bytes, records[0].packets, records[0].ingress) == (0x123456, 7, 9)


def test_fields_of_variable_length_and_unknown_enterprises_are_walked_over():
    spec = ((8, 4), ((9999, 1), 0xFFFF), (12, 4), (82, 0xFFFF), (1, 4), ((9999, 2), 3))
    long = b"\xff" + p.number(300, 2) + bytes(300)
    first = p.number(1, 4) + b"\x03abc" + p.number(2, 4) + long + p.number(77, 4) + b"xyz"
    second = p.number(3, 4) + b"\x00" + p.number(4, 4) + b"\x01e" + p.number(88, 4) + b"xyz"
    sets = p.template(256, spec), p.data_set(256, first + second + bytes(2))

    decoder, records = p.decoded(p.message10(*sets))

    assert [record.bytes for record in records] == [77, 88]
    assert records[1].source[12:] == b"\0\0\0\3"
    assert decoder.totals.refused == {}


def test_a_wanted_field_may_be_of_variable_length():
    spec = ((8, 4), (12, 4), (1, 0xFFFF))
    content = p.number(1, 4) + p.number(2, 4) + b"\x02\x01\x00"

    _, records = p.decoded(p.message10(p.template(256, spec), p.data_set(256, content)))

    assert records[0].bytes == 256


def test_a_reverse_element_gives_a_record_of_its_own():
    spec = (*p.FLOW4, ((29305, 1), 8), ((29305, 2), 8), (10, 4), (14, 4))

    decoder, records = of(spec, 1, 2, 1234, 80, 6, 100, 2, 5000, 40, 7, 8)

    forward, back = records
    assert (forward.bytes, forward.packets, back.bytes, back.packets) == (100, 2, 5000, 40)
    assert (back.source, back.destination) == (forward.destination, forward.source)
    assert (back.source_port, back.destination_port) == (80, 1234)
    assert (back.ingress, back.egress) == (8, 7)
    assert back.flags == forward.flags | Flag.REVERSE
    assert (decoder.totals.flow_records, decoder.totals.flows) == (1, 2)


def test_a_direction_without_bytes_gives_no_record():
    spec = (*p.FLOW4, ((29305, 1), 8))

    _, only_back = of(spec, 1, 2, 3, 4, 6, 0, 0, 900)
    decoder, neither = of(spec, 1, 2, 3, 4, 6, 0, 0, 0)

    assert [record.bytes for record in only_back] == [900]
    assert only_back[0].flags & Flag.REVERSE
    assert neither == []
    assert p.refused(decoder) == {"RECORD_NOTHING": 1}


def test_out_counters_of_v9_are_the_way_back_unless_a_direction_is_told():
    both = ((8, 4), (12, 4), (1, 4), (2, 4), (23, 4), (24, 4))

    _, two_ways = of(both, 1, 2, 100, 1, 300, 3, version=9)
    _, seen_leaving = of((*both, (61, 1)), 1, 2, 0, 0, 300, 3, 1, version=9)
    _, in_ipfix = of(both, 1, 2, 100, 1, 300, 3)

    assert [record.bytes for record in two_ways] == [100, 300]
    assert [(record.bytes, record.packets) for record in seen_leaving] == [(300, 3)]
    assert seen_leaving[0].flags == Flag.NO_TIME
    assert [record.bytes for record in in_ipfix] == [100]


def test_layer_2_records_keep_their_mac_addresses():
    spec = ((56, 6), (80, 6), (256, 2), (352, 8), (2, 4))

    _, records = of(spec, 0x020000000001, 0x020000000002, 0x0806, 640, 10)

    record = records[0]
    assert record.family == Family.LAYER2
    assert address_text(record.source, record.family) == "02:00:00:00:00:01"
    assert record.flags & Flag.LAYER2_BYTES
    assert record.bytes == 640


def test_a_frame_without_ip_falls_back_on_its_mac_addresses():
    spec = (*p.FLOW4, (56, 6), (80, 6))

    _, records = of(spec, 0, 0, 0, 0, 0, 60, 1, 1, 2)

    assert records[0].family == Family.LAYER2


@pytest.mark.parametrize(
    ("extra", "value", "reason"),
    [
        ((233, 1), 3, "RECORD_DENIED"),
        ((233, 1), 4, "RECORD_ALERT"),
        ((89, 1), 0x82, "RECORD_DROPPED"),
    ],
)
def test_what_was_not_forwarded_is_no_traffic(extra, value, reason):
    decoder, records = of((*p.FLOW4, extra), 1, 2, 3, 4, 6, 100, 1, value)

    assert records == []
    assert p.refused(decoder) == {reason: 1}
    assert p.conserved(decoder)


@pytest.mark.parametrize("event", [233, 40005, 230])
def test_an_event_that_tells_no_bytes_is_no_traffic_that_went_unread(event):
    decoder, records = of(((148, 4), (8, 4), (12, 4), (event, 1)), 9, 1, 2, 1, version=9)

    assert records == []
    assert p.refused(decoder) == {"RECORD_EVENT": 1}
    assert decoder.totals.undecodable == 0
    assert p.conserved(decoder)


def test_a_template_without_bytes_and_events_may_have_been_traffic():
    decoder, _ = of(((8, 4), (12, 4), (7, 2)), 1, 2, 3)

    assert p.refused(decoder) == {"RECORD_NO_BYTES": 1}
    assert decoder.totals.undecodable == 1


def test_running_totals_are_counted_at_the_end_of_the_flow():
    spec = ((8, 4), (12, 4), (85, 8), (86, 8), (136, 1))

    decoder, running = of(spec, 1, 2, 500, 5, 2)
    _, ended = of(spec, 1, 2, 900, 9, 3)

    assert running == []
    assert p.refused(decoder) == {"RECORD_RUNNING": 1}
    assert (ended[0].bytes, ended[0].packets) == (900, 9)
    assert ended[0].flags & Flag.TOTAL


def nsel(connection, event, forward, back):
    return b"".join(
        p.number(value, width)
        for value, width in ((connection, 4), (1, 4), (2, 4), (event, 1), (forward, 4), (back, 4))
    )


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(1, 0, 0), (2, 81, 763)], (81, 763)),
        ([(1, 0, 0), (5, 81, 700), (5, 0, 63), (2, 81, 763)], (81, 763)),
        ([(2, 81, 763), (5, 81, 763)], (81, 763)),
        ([(5, 10, 20), (5, 10, 20)], (20, 40)),
        ([(2, 81, 763), (2, 81, 763)], (81, 763)),
    ],
)
def test_a_firewalls_connection_is_counted_once_in_any_order(events, expected):
    spec = ((148, 4), (8, 4), (12, 4), (233, 1), (231, 4), (232, 4))
    content = b"".join(nsel(77, *event) for event in events)
    sets = p.template(263, spec, version=9), p.data_set(263, content)

    decoder, records = p.decoded(p.message9(*sets))

    forward = sum(record.bytes for record in records if not record.flags & Flag.REVERSE)
    back = sum(record.bytes for record in records if record.flags & Flag.REVERSE)
    assert (forward, back) == expected
    assert p.conserved(decoder)


def test_a_connection_that_has_the_number_of_an_ended_one_is_another():
    spec = ((148, 4), (8, 4), (12, 4), (233, 1), (231, 4), (232, 4), (152, 8))
    events = ((2, 100, 0, 1_000), (5, 30, 0, 9_000), (2, 70, 0, 9_000), (5, 1, 0, 1_000))
    content = b"".join(
        nsel(77, *event) + p.number(p.NOW - 60_000 + begin, 8) for *event, begin in events
    )
    sets = p.template(263, spec, version=9), p.data_set(263, content)

    decoder, records = p.decoded(p.message9(*sets))

    assert [record.bytes for record in records] == [100, 30, 40]
    assert p.refused(decoder) == {"RECORD_COUNTED": 1}


def test_totals_of_an_old_firewall_are_counted_when_the_flow_is_deleted():
    spec = ((148, 4), (8, 4), (12, 4), (40005, 1), (85, 4), (40001, 4))

    sums = {}
    for event in (1, 2, 5):
        _, records = of(spec, 9, 1, 2, event, 56, p.address("10.9.9.9"), version=9)
        sums[event] = sum(record.bytes for record in records)

    assert sums == {1: 0, 2: 56, 5: 0}


def test_data_before_its_template_waits_for_it():
    early = p.message10(p.data_set(256, p.flow4(111)), seconds=SECONDS - 30)
    later = p.message10(p.template(256, p.FLOW4), p.data_set(256, p.flow4(222)), sequence=1)

    decoder, records = p.decoded(early, later)

    assert sorted(record.bytes for record in records) == [111, 222]
    assert {record.bytes: record.start for record in records}[111] == EXPORTED - 30_000
    assert decoder.registry.held_bytes == 0
    loss = decoder.loss(10)
    assert (loss.received, loss.lost, loss.uncertain) == (2, 0, 0)
    assert p.conserved(decoder)


def test_data_whose_template_never_comes_is_counted():
    decoder, _ = p.decoded(p.message10(p.data_set(256, p.flow4())))

    decoder.expire(p.NOW + 299_000)
    waiting = dict(decoder.totals.refused)
    decoder.expire(p.NOW + 301_000)

    assert waiting == {}
    assert p.refused(decoder) == {"SET_UNKNOWN": 1}
    assert decoder.registry.held_bytes == 0


def test_held_data_has_a_limit_per_exporter():
    limits = Limits(held_sets_per_exporter=2)
    message = [p.message10(p.data_set(256, p.flow4(n)), sequence=n) for n in range(3)]

    decoder, _ = p.decoded(*message, decoder=Decoder(limits))

    assert p.refused(decoder) == {"SET_HELD_FULL": 1}


def test_a_template_expires_unless_it_is_sent_again():
    data = [p.message10(p.data_set(256, p.flow4()), sequence=n) for n in range(3)]
    decoder, _ = p.decoded(p.message10(p.template(256, p.FLOW4)))

    _, fresh = p.decoded(data[0], decoder=decoder, now=p.NOW + 5_300_000)
    _, old = p.decoded(data[1], decoder=decoder, now=p.NOW + 5_500_000)
    decoder.expire(p.NOW + 5_500_000)

    assert (len(fresh), len(old)) == (1, 0)
    assert decoder.registry.templates == 0


def test_a_template_sent_again_is_the_same_plan():
    again = p.message10(p.template(256, p.FLOW4), sequence=1, seconds=SECONDS + 1)
    decoder, _ = p.decoded(p.message10(p.template(256, p.FLOW4), p.data_set(256, p.flow4())))
    kept = next(iter(next(iter(decoder.registry)).domains.values())).templates[256]
    plan = kept.plan

    p.decoded(again, decoder=decoder, now=p.NOW + 5_000_000)

    assert kept.plan is plan
    assert kept.seen == p.NOW + 5_000_000


def test_a_template_that_changes_is_read_anew():
    other = ((12, 4), (8, 4), (1, 4))
    content = p.number(1, 4) + p.number(2, 4) + p.number(33, 4)
    first = p.message10(p.template(256, p.FLOW4), p.data_set(256, p.flow4()))
    second = p.message10(p.template(256, other), p.data_set(256, content), sequence=1)

    decoder, records = p.decoded(first, second)

    assert [record.bytes for record in records] == [1000, 33]
    assert records[1].destination[15] == 1
    assert decoder.registry.templates == 1


@pytest.mark.parametrize("milliseconds", [60_000, 20_000])
def test_templates_of_before_a_restart_read_nothing_that_came_after_it(milliseconds):
    turned = ((12, 4), (8, 4), (2, 4), (1, 8))
    values = (p.address("10.9.9.2"), p.address("10.9.9.1"), 7, 777)
    content = b"".join(
        p.number(value, width) for value, (_, width) in zip(values, turned, strict=True)
    )
    old = p.template(256, p.FLOW4, version=9), p.data_set(256, p.flow4())
    seconds, down = SECONDS + milliseconds // 1_000, 3_000
    again = p.message9(
        *old, sequence=41, uptime=p.UPTIME + milliseconds - down, seconds=seconds - 3
    )
    data = p.message9(p.data_set(256, content), uptime=1_000, seconds=seconds)
    template = p.template(256, turned, version=9)
    news = p.message9(template, sequence=1, uptime=2_000, seconds=seconds + 1)

    decoder, _ = p.decoded(p.message9(*old, sequence=40))
    p.decoded(again, decoder=decoder, now=p.NOW + milliseconds - down)
    _, early = p.decoded(data, decoder=decoder, now=p.NOW + milliseconds)
    _, read = p.decoded(news, decoder=decoder, now=p.NOW + milliseconds + 1_000)

    assert early == []
    assert [(record.bytes, record.packets) for record in read] == [(777, 7)]
    assert decoder.loss(9).restarts == 1


def test_a_template_sent_since_the_restart_stays_when_the_first_messages_are_late():
    told = p.message9(p.template(256, p.FLOW4, version=9), sequence=40)
    new = p.message9(p.template(256, p.FLOW4, version=9), uptime=1_000, seconds=SECONDS + 60)
    data = p.message9(p.data_set(256, p.flow4()), sequence=1, uptime=9_000, seconds=SECONDS + 68)

    decoder, _ = p.decoded(told)
    p.decoded(new, decoder=decoder, now=p.NOW + 60_000)
    _, read = p.decoded(data, decoder=decoder, now=p.NOW + 68_000)

    assert len(read) == 1


@pytest.mark.parametrize(
    ("uptime", "seconds"),
    [(p.UPTIME + 5_000, SECONDS + 3_600), (500, SECONDS + 5)],
    ids=["its clock was set", "its uptime wrapped"],
)
def test_a_start_time_that_changes_without_a_restart_forgets_no_template(uptime, seconds):
    before = p.UPTIME if uptime > p.UPTIME else (1 << 32) - 4_500
    sets = p.template(256, p.FLOW4, version=9), p.data_set(256, p.flow4())
    decoder, _ = p.decoded(p.message9(*sets, sequence=40, uptime=before))
    data = p.message9(p.data_set(256, p.flow4()), sequence=41, uptime=uptime, seconds=seconds)

    _, read = p.decoded(data, decoder=decoder, now=p.NOW + 5_000)

    assert len(read) == 1


def test_the_same_template_id_from_another_port_or_domain_is_another_template():
    other = ((12, 4), (8, 4), (1, 4))
    content = p.number(1, 4) + p.number(2, 4) + p.number(33, 4)
    decoder, _ = p.decoded(p.message10(p.template(256, p.FLOW4)))
    elsewhere = Sender(p.EXPORTER.address, 9999)
    p.decoded(p.message10(p.template(256, other)), sender=elsewhere, decoder=decoder)
    p.decoded(p.message10(p.template(256, other), domain=5), decoder=decoder)

    _, here = p.decoded(p.message10(p.data_set(256, p.flow4()), sequence=1), decoder=decoder)
    there = p.message10(p.data_set(256, content), sequence=1)
    _, records = p.decoded(there, sender=elsewhere, decoder=decoder)

    assert [record.bytes for record in here] == [1000]
    assert [record.bytes for record in records] == [33]
    assert here[0].exporter != records[0].exporter
    assert decoder.registry.name(records[0].exporter) == elsewhere


def test_a_withdrawal_counts_over_a_stream_only():
    withdrawal = p.message10(p.data_set(2, p.number(256, 2) + bytes(2)))

    udp, _ = p.decoded(p.message10(p.template(256, p.FLOW4)), withdrawal)
    tcp, _ = p.decoded(p.message10(p.template(256, p.FLOW4)), withdrawal, sender=STREAM)

    assert (udp.registry.templates, p.refused(udp)) == (1, {"TEMPLATE_WITHDRAWN": 1})
    assert (tcp.registry.templates, p.refused(tcp)) == (0, {})


def test_all_data_templates_may_be_withdrawn_at_once():
    templates = p.template(256, p.FLOW4), p.template(257, p.FLOW4)
    options = p.options10(300, [(143, 4)], [(160, 8)])

    decoder, _ = p.decoded(
        p.message10(*templates, options),
        p.message10(p.data_set(2, p.number(2, 2) + bytes(2))),
        sender=STREAM,
    )

    assert decoder.registry.templates == 1


def test_a_closed_stream_is_forgotten():
    decoder, _ = p.decoded(p.message10(p.template(256, p.FLOW4)), sender=STREAM)

    decoder.close(STREAM)

    assert (len(decoder.registry), decoder.registry.templates) == (0, 0)


def test_templates_sent_again_within_a_second_are_no_datagram_received_twice():
    templates = p.message10(p.template(256, p.FLOW4), sequence=7)
    both = p.message10(p.template(256, p.FLOW4), p.data_set(256, p.flow4()), sequence=7)

    decoder, records = p.decoded(templates, templates, both, templates, both)

    assert len(records) == 1
    assert p.refused(decoder) == {"DATAGRAM_REPEATED": 1}
    assert decoder.totals.messages == 4
    assert p.conserved(decoder)


def test_the_same_datagram_twice_is_counted_once():
    message = p.message10(p.template(256, p.FLOW4), p.data_set(256, p.flow4()))

    decoder, records = p.decoded(message, message)

    assert len(records) == 1
    assert p.refused(decoder) == {"DATAGRAM_REPEATED": 1}
    assert p.conserved(decoder)


def test_exporters_outside_the_allowed_networks_are_refused():
    networks = Networks(["10.0.0.0/8", "2001:db8::/32"])
    message = p.message5(p.record5())

    answers = {}
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.1", "nonsense"):
        decoder = Decoder(networks=networks)
        p.decoded(message, sender=Sender(address, 1), decoder=decoder)
        answers[address] = p.refused(decoder)

    refused = {"DATAGRAM_NOT_ALLOWED": 1}
    assert answers == {
        "10.1.2.3": {},
        "::ffff:10.1.2.3": {},
        "2001:db8::1": {},
        "192.0.2.1": refused,
        "nonsense": refused,
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "DATAGRAM_SHORT"),
        (b"\0", "DATAGRAM_SHORT"),
        (b"\0\5", "DATAGRAM_SHORT"),
        (b"\0\x09" + bytes(17), "DATAGRAM_SHORT"),
        (b"\0\x0a" + bytes(13), "DATAGRAM_SHORT"),
        (b"\0\x0a\0\x0f" + bytes(12), "DATAGRAM_LENGTH"),
        (b"\0\x01" + bytes(22), "DATAGRAM_VERSION"),
        (b"\0\x07" + bytes(22), "DATAGRAM_VERSION"),
        (b"GET / HTTP/1.1\r\n", "DATAGRAM_VERSION"),
        (p.message5(), "DATAGRAM_COUNT"),
        (p.message5(p.record5())[:-1], "DATAGRAM_COUNT"),
        (p.message5(*[p.record5()] * 31), "DATAGRAM_COUNT"),
    ],
)
def test_what_is_no_message_is_refused_by_reason(data, reason):
    decoder, records = p.decoded(data)

    assert records == []
    assert p.refused(decoder) == {reason: 1}
    assert p.conserved(decoder)


def test_bytes_after_a_message_are_counted_and_ignored():
    decoder, records = p.decoded(p.message5(p.record5()) + b"tail")

    assert len(records) == 1
    assert p.refused(decoder) == {"BYTES_AFTER": 1}


def test_a_message_of_many_records_needs_the_room_that_is_promised():
    small = ((8, 4), (12, 4), (1, 1), ((29305, 1), 1))
    content = (p.number(1, 4) + p.number(2, 4) + b"\1\1") * 6000
    batch = Batch(ROOM)

    decoder = Decoder()
    decoder.decode(
        p.message10(p.template(256, small), p.data_set(256, content)), p.EXPORTER, p.NOW, batch
    )

    most = choices.best_reading().records
    assert len(batch) == 2 * most <= ROOM
    assert p.refused(decoder) == {"RECORD_MANY": 6000 - most}
    assert p.conserved(decoder)
