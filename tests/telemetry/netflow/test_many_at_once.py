"""Taking many messages in one call makes no difference, but for what it costs.

Exporters of all three versions, mostly well-behaved, send again, lose, swap, restart and
tell new templates now and then; after every run both decoders have to know the same.
"""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shorthaul.errors import BadInput
from shorthaul.telemetry.netflow import choices
from shorthaul.telemetry.netflow.decoders import Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.kernels import lanes, library
from shorthaul.telemetry.netflow.limits import Limits
from telemetry.netflow import packets as p
from telemetry.netflow import two_ways

built = pytest.mark.skipif(not library.available(), reason="the reader was not compiled")
patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

NAMED = (*p.FLOW4, (82, 0xFFFF), (61, 1))
SAMPLED = (*p.FLOW4, (48, 2))
NSEL = ((148, 4), (8, 4), (12, 4), (233, 1), (231, 4), (232, 4))
NO_BYTES = ((8, 4), (12, 4), (2, 4))
FORWARDED = (*p.FLOW4, (89, 1))
RATES = p.options9(300, [(1, 4)], [(48, 2), (50, 4)])


class Exporter:
    """One that behaves, until it is told not to; `rng` decides what it sends."""

    def __init__(self, chance, port):
        self.chance = chance
        address = chance.choice(("192.0.2.1", "192.0.2.2", "2001:db8::1", "fe80::1%eth0"))
        self.sender = Sender(address, port)
        self.version = chance.choice((5, 9, 10))
        self.domain = chance.randrange(3)
        self.after = chance.random() < 0.3
        self.sequence = chance.choice((0, 7, (1 << 32) - 40))
        self.uptime, self.told = p.UPTIME, False
        self.last = b""

    def next(self):
        """Its next message."""
        kind = self.chance.randrange(40)
        if kind == 0 and self.last:
            return self.last
        if kind == 1:
            self.sequence += self.chance.choice((1, 3, 40, 1 << 25))
        elif kind == 2:
            self.sequence -= self.chance.choice((1, 2, 30))
        elif kind == 3:
            self.uptime = self.chance.choice((1_000, p.UPTIME, p.UPTIME - 9_000))
        elif kind == 4:
            return self.chance.randbytes(self.chance.randrange(60))
        self.last = self._five() if self.version == 5 else self._sets()
        if kind == 5:
            return self.last[: self.chance.randrange(len(self.last))]
        return self.last + b"\0\0\0" if kind == 6 else self.last

    def _five(self):
        records = [self._record5() for _ in range(self.chance.randrange(1, 6))]
        sampling = self.chance.choice((0, 0, 0, 100))
        at, self.sequence = self.sequence, self.sequence + len(records)
        number = {"sequence": at % (1 << 32), "engine": self.domain, "uptime": self.uptime}
        return p.message5(*records, sampling=sampling, **number)

    def _record5(self):
        return p.record5(octets=self.chance.choice((0, 1000)), packets=self.chance.choice((0, 9)))

    def _sets(self):
        sets, units = [], 0
        if not self.told or self.chance.random() < 0.05:
            self.told = True
            sets.append(p.template(256, p.FLOW4, version=self.version))
            sets.append(p.template(257, NAMED, version=self.version))
        if self.chance.random() < 0.05:
            spec = self.chance.choice((p.FLOW4, SAMPLED, NSEL, NO_BYTES, FORWARDED))
            sets.append(p.template(self.chance.choice((256, 258)), spec, version=self.version))
        if self.version == 9 and self.chance.random() < 0.05:
            sets += [RATES, p.data_set(300, self.chance.randbytes(20))]
        for _ in range(self.chance.choice((0, 1, 1, 1, 2))):
            number, rows = self.chance.choice((256, 256, 257, 258)), self.chance.randrange(1, 5)
            sets.append(p.data_set(number, b"".join(self._row(number) for _ in range(rows))))
            units += rows
        self.sequence += units if self.after and self.version == 10 else 0
        number = {"sequence": self.sequence % (1 << 32), "domain": self.domain}
        if self.version == 10:
            self.sequence += 0 if self.after else units
            return p.message10(*sets, **number)
        self.sequence += 1
        return p.message9(*sets, uptime=self.uptime, **number)

    def _row(self, number):
        row = p.flow4(
            octets=self.chance.choice((0, 1000)), source=self.chance.choice(("0.0.0.0", "10.0.0.1"))
        )
        if number == 256:
            return row
        return row + (b"\4eth0\1" if number == 257 else self.chance.randbytes(2))


def drawn(seed, exporters, number):
    """Messages of some exporters with their senders, by turns or in stretches."""
    chance = random.Random(seed)
    made = [Exporter(chance, port) for port in range(exporters)]
    stretch, found = chance.choice((1, 1, 5)), []
    while len(found) < number:
        exporter = chance.choice(made)
        found += [(exporter.next(), exporter.sender) for _ in range(stretch)]
    return found


LIMITS = [
    Limits(),
    Limits(exporters=3, exporter_seconds=0.5),
    Limits(exporters_per_address=2, domains_per_exporter=1),
    Limits(template_seconds=0.35, held_seconds=0.3),
]


@built
@patient
@given(
    st.integers(0, 1 << 32), st.integers(1, 8), st.sampled_from(LIMITS), st.sampled_from((10, 100))
)
def test_many_at_once_come_to_the_same_as_one_by_one(seed, exporters, limits, pause):
    turns = two_ways.split(drawn(seed, exporters, 300), seed, pause=pause)
    once, many = Decoder(limits), Decoder(limits)

    expected = two_ways.one_by_one(turns, once)
    found = two_ways.many_at_once(turns, many)

    assert found == expected
    assert two_ways.known(many) == two_ways.known(once)
    assert p.conserved(many)


@patient
@given(st.integers(0, 1 << 32), st.integers(1, 8))
def test_so_they_do_where_nothing_was_compiled(seed, exporters):
    turns = two_ways.split(drawn(seed, exporters, 60), seed)
    once, many = Decoder(reading=choices.PLAIN), Decoder(reading=choices.PLAIN)

    expected = two_ways.one_by_one(turns, once)
    found = two_ways.many_at_once(turns, many)

    assert found == expected
    assert two_ways.known(many) == two_ways.known(once)


def steady(version, number):
    """Messages of an exporter with nothing unusual, the first with its template."""
    if version == 5:
        return [p.message5(p.record5(), p.record5(), sequence=2 * at) for at in range(number)]
    made, data = [], p.data_set(256, p.flow4() * 2)
    for at in range(number):
        sets = [data] if at else [p.template(256, p.FLOW4, version=version), data]
        made.append(
            p.message9(*sets, sequence=at) if version == 9 else p.message10(*sets, sequence=2 * at)
        )
    return made


@built
@pytest.mark.parametrize("version", [5, 9, 10])
def test_what_is_plain_never_goes_the_long_way(version):
    messages = [
        (one, Sender("192.0.2.1", port)) for one in steady(version, 100) for port in range(3)
    ]
    once, many = Decoder(), two_ways.Counting()
    turns = two_ways.split(messages, 1)

    assert two_ways.many_at_once(turns, many) == two_ways.one_by_one(turns, once)

    assert many.totals.flows == 600
    assert many.long_way == 3  # The first of each exporter.
    assert two_ways.known(many) == two_ways.known(once)


@built
def test_more_domains_than_lanes_go_the_long_way_and_stay_exact(monkeypatch):
    monkeypatch.setattr(lanes, "LANES", 4)
    messages = [(one, Sender("192.0.2.1", port)) for one in steady(10, 20) for port in range(6)]
    once, many = Decoder(), two_ways.Counting()
    turns = two_ways.split(messages, 2)

    assert two_ways.many_at_once(turns, many) == two_ways.one_by_one(turns, once)

    assert two_ways.known(many) == two_ways.known(once)
    assert many.long_way > 6


@built
def test_messages_that_are_taken_one_by_one_between_are_seen():
    messages, many = steady(10, 30), Decoder()
    for at in range(0, 30, 3):
        turn = [(one, p.EXPORTER) for one in messages[at : at + 2]]
        two_ways.many_at_once([(p.NOW, turn)], many)
        p.decoded(messages[at + 2], decoder=many)

    once = Decoder()
    two_ways.one_by_one([(p.NOW, [(one, p.EXPORTER) for one in messages])], once)
    assert two_ways.known(many) == two_ways.known(once)


@built
def test_a_clock_that_goes_back_finds_no_template_that_was_forgotten():
    messages = [(one, p.EXPORTER) for one in steady(10, 9)]
    turns = [
        (p.NOW, messages[:3]),
        (p.NOW + 6_000_000, []),
        (p.NOW, messages[3:]),
    ]
    once, many = Decoder(), Decoder()

    assert two_ways.many_at_once(turns, many) == two_ways.one_by_one(turns, once)

    assert two_ways.known(many) == two_ways.known(once)
    assert many.registry.held_bytes > 0


@built
def test_lanes_of_another_version_of_the_library_are_refused():
    with pytest.raises(BadInput, match="of another version than this package"):
        library.lanes_library(1, 2, 3)


@built
def test_messages_without_a_byte_are_counted_and_raise_nothing():
    turns = [(1_000, [(b"", Sender("10.0.0.1", 4000))] * 3)]
    once, many = Decoder(), Decoder()

    assert two_ways.many_at_once(turns, many) == two_ways.one_by_one(turns, once) == []
    assert two_ways.known(many) == two_ways.known(once)
    assert sum(many.totals.refused.values()) == 3
