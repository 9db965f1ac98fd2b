"""What a message, and a flood of them, may cost: bounded in work and in memory, not by the clock.

Work is counted in calls of functions, Python's and C's. At 0.3 microseconds for a call and what is
between it and the next, 30,000 are within 10 ms.
"""

import struct
import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.netflow import choices
from shorthaul.telemetry.netflow.decoders import ROOM, Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.limits import Limits
from shorthaul.telemetry.netflow.records import Batch
from telemetry.netflow import packets as p

CALLS = 30_000
BYTES = 1 << 20
READINGS = [
    pytest.param(choices.PLAIN, id="plain"),
    pytest.param(choices.best_reading(), id="best"),
]


def padded(content):
    return content[: 65_507 - 24 - len(content) % 4]


def hostile():
    """Datagrams of the greatest size, each made to cost as much as can be."""
    tiny = ((8, 4), (12, 4), (1, 1), ((29305, 1), 1))
    flow = bytes(3) + b"\1" + bytes(3) + b"\2" + b"\1\1"
    varied = ((8, 4), (12, 4), (1, 1), (82, 0xFFFF), (83, 0xFFFF))
    varied_flow = flow[:9] + b"\0\0"
    words = tuple((9, 1) for _ in range(250))
    options = p.options10(300, [(143, 1)], [(34, 1)])
    empty_sets = struct.pack(">HH", 256, 4) * 16_000
    one_record_sets = p.data_set(256, flow) * 4_000
    yield "small records", p.template(256, tiny) + p.data_set(256, flow * 6_400)
    yield "variable records", p.template(256, varied) + p.data_set(256, varied_flow * 5_800)
    yield "unwanted records", p.template(256, ((4, 1),)) + p.data_set(256, bytes(60_000))
    strings = p.template(256, ((82, 0xFFFF),))
    yield "unwanted variable records", strings + p.data_set(256, bytes(60_000))
    yield "empty sets", p.template(256, tiny) + empty_sets
    yield "sets of one record", p.template(256, tiny) + one_record_sets
    yield (
        "small templates",
        p.data_set(2, b"".join(struct.pack(">HHHH", 256 + n, 1, 1, 4) for n in range(8_000))),
    )
    yield "wide templates", b"".join(p.template(256 + n, words) for n in range(60))
    yield "options", options + p.data_set(300, b"\1\2" * 30_000)
    events = ((148, 1), (8, 4), (12, 4), (233, 1), (231, 1), (232, 1))
    event = b"\7" + bytes(3) + b"\1" + bytes(3) + b"\2\5\1\1"
    yield "a firewall's events", p.template(256, events) + p.data_set(256, event * 5_400)
    event_sets = p.data_set(256, event * 20) * 250
    yield "sets of a firewall's events", p.template(256, events) + event_sets
    yield "sets without templates", p.data_set(999, bytes(8)) * 5_000


@pytest.mark.parametrize(
    ("name", "content"), [pytest.param(*pair, id=pair[0]) for pair in hostile()]
)
@pytest.mark.parametrize("reading", READINGS)
def test_no_datagram_costs_more_than_its_limit(name, content, reading):
    datagram = p.message10(padded(content))
    assert len(datagram) > 14_000, name
    decoder, batch = Decoder(reading=reading), Batch(ROOM)
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    tracemalloc.start()
    sys.setprofile(count)
    decoder.decode(datagram, p.EXPORTER, p.NOW, batch)
    sys.setprofile(None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert calls <= CALLS, name
    assert peak <= BYTES, name
    assert p.conserved(decoder)


def test_a_flood_of_templates_has_a_price_and_costs_no_honest_exporter():
    """Attack A5: more forged senders and templates than are kept, beside one that is honest.

    At an eighth of the limits, for time's sake: an eighth of the 64 MiB.
    """
    limits = Limits(exporters=512, templates=8_192, template_bytes=5 << 20, held_bytes=1 << 20)
    decoder, batch = Decoder(limits), Batch(ROOM)
    spec = tuple((100 + n, 4) for n in range(20)) + p.FLOW4
    honest = p.message9(p.template(256, p.FLOW4, version=9))
    decoder.decode(honest, p.EXPORTER, p.NOW, batch)
    decoded = sent = 0

    tracemalloc.start()
    for turn in range(650):
        sender = Sender(f"203.0.{turn >> 8}.{turn & 255}", 1024)
        sets = b"".join(p.template(256 + n, spec[n % 3 :], version=9) for n in range(16))
        flood = p.message9(sets, p.data_set(999, bytes(100)), domain=turn % 5, sequence=turn)
        decoder.decode(flood, sender, p.NOW + turn, batch)
        if turn % 10 == 0:
            flow = p.message9(p.data_set(256, p.flow4()), sequence=1 + turn // 10)
            decoder.decode(flow, p.EXPORTER, p.NOW + turn, batch)
            sent += 1
            decoded += len(batch)
            batch.clear()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert decoded == sent
    assert peak <= 8 << 20
    assert len(decoder.registry) <= decoder.limits.exporters
    assert decoder.registry.templates <= decoder.limits.templates
    assert decoder.registry.template_bytes <= decoder.limits.template_bytes
    assert decoder.registry.held_bytes <= decoder.limits.held_bytes
    assert p.conserved(decoder)


@settings(deadline=None)
@given(st.sampled_from((5, 9, 10)), st.integers(0, (1 << 32) - 1), st.integers(-(10**7), 10**7))
def test_a_message_in_a_stolen_name_is_told_by_the_next_honest_one(version, number, uptime):
    """Attack A5: the exporter's address, port and domain, and a number that nobody told."""
    sent = [_message(version, 3 * n, p.UPTIME + n, 1_000) for n in range(4)]
    forged = _message(version, number, max(0, p.UPTIME + uptime), 1 << 30)

    decoder, _ = p.decoded(*sent[:3], forged, sent[3])

    loss = decoder.loss(version)
    near = (number + (1 << 17)) % (1 << 32) <= 1 << 18
    assert loss.conflicts or loss.lost or near
    assert decoder.registry.contested == ["192.0.2.1 port 2055"][: bool(loss.conflicts)]


def _message(version, number, uptime, octets):
    """Three records of the number told; of v9, the message of that number."""
    if version == 5:
        return p.message5(*[p.record5(octets)] * 3, sequence=number, uptime=uptime)
    data = p.data_set(256, p.flow4(octets) * 3)
    template = p.template(256, p.FLOW4, version=version)
    if version == 9:
        third = number // 3 if octets == 1_000 else number
        return p.message9(template, data, sequence=third, uptime=uptime)
    return p.message10(template, data, sequence=number)


def test_one_exporter_keeps_so_many_templates_and_no_more():
    decoder, _ = p.decoded(
        *(p.message10(p.template(256 + n, p.FLOW4), sequence=0, domain=n % 7) for n in range(300))
    )

    assert decoder.registry.templates == decoder.limits.templates_per_exporter
    assert p.refused(decoder) == {"TEMPLATE_ROOM": 300 - 256}


def test_all_exporters_together_keep_so_many_templates_and_no_more():
    decoder = Decoder(Limits(templates=5))
    for port in range(8):
        p.decoded(
            p.message10(p.template(256, p.FLOW4)), sender=Sender("10.0.0.1", port), decoder=decoder
        )

    assert decoder.registry.templates == 5
    assert p.refused(decoder) == {"TEMPLATE_MEMORY": 3}


def test_a_newcomer_makes_room_before_an_exporter_that_has_sent_flows():
    limits = Limits(exporters=3)
    decoder = Decoder(limits)
    flows = p.template(256, p.FLOW4), p.data_set(256, p.flow4())
    for sequence in range(2):
        p.decoded(p.message10(*flows, sequence=sequence), decoder=decoder)

    for port in range(10):
        p.decoded(p.message10(), sender=Sender("10.9.9.9", port), decoder=decoder)
    _, records = p.decoded(p.message10(p.data_set(256, p.flow4()), sequence=2), decoder=decoder)

    assert (len(records), len(decoder.registry)) == (1, 3)


def test_a_full_house_refuses_newcomers_until_somebody_has_been_silent_for_long():
    decoder = Decoder(Limits(exporters=2))
    flows = p.template(256, p.FLOW4), p.data_set(256, p.flow4())
    for port in (1, 2):
        for sequence in range(2):
            message = p.message10(*flows, sequence=sequence)
            p.decoded(message, sender=Sender("10.0.0.1", port), decoder=decoder)

    _, refused = p.decoded(p.message10(*flows), sender=Sender("10.0.0.2", 1), decoder=decoder)
    later = p.NOW + 7_300_000
    _, admitted = p.decoded(
        p.message10(*flows), sender=Sender("10.0.0.2", 1), decoder=decoder, now=later
    )

    assert (len(refused), len(admitted)) == (0, 1)
    assert p.refused(decoder) == {"DATAGRAM_EXPORTERS": 1}


def test_one_address_has_so_many_ports_and_no_more():
    decoder = Decoder()
    for port in range(100):
        p.decoded(
            p.message10(p.template(256, p.FLOW4)), sender=Sender("10.0.0.1", port), decoder=decoder
        )

    assert len(decoder.registry) == decoder.limits.exporters_per_address
    assert decoder.registry.templates == len(decoder.registry)


def test_one_exporter_has_so_many_domains_and_no_more():
    decoder, _ = p.decoded(*(p.message10(domain=n) for n in range(70)))

    assert p.refused(decoder) == {"DATAGRAM_DOMAINS": 6}
