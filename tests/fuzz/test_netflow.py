"""Mutated NetFlow and IPFIX messages: whatever the bytes, nothing is raised and all is counted.

Seeds are messages of every kind; mutations flip, cut, repeat and splice, and lie about lengths and
ids. One decoder takes them all, so that what it keeps is spoilt too. The chance is seeded, so a
failure can be seen again. `SHORTHAUL_FUZZ_ROUNDS` makes it run for longer.
"""

import os
import random

import pytest

from shorthaul.telemetry.netflow.decoders import ROOM, Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.records import Batch, Record
from telemetry.netflow import packets as p
from telemetry.netflow import two_ways

ROUNDS = int(os.environ.get("SHORTHAUL_FUZZ_ROUNDS", "1"))
NSEL = ((148, 4), (8, 4), (12, 4), (233, 1), (231, 4), (232, 4))
VARIED = ((8, 4), (12, 4), (1, 0xFFFF), (82, 0xFFFF), ((29305, 1), 8), ((77, 5), 3))
SEEDS = [
    p.message5(*[p.record5()] * 4, sampling=100),
    p.message9(p.template(256, p.FLOW4, version=9), p.data_set(256, p.flow4() * 4)),
    p.message9(p.template(257, NSEL, version=9), p.data_set(257, bytes(range(21)) * 5)),
    p.message9(p.options9(300, [(1, 4)], [(48, 2), (50, 4)]), p.data_set(300, bytes(range(20)))),
    p.message10(p.template(256, p.FLOW4), p.data_set(256, p.flow4() * 4)),
    p.message10(p.template(258, VARIED), p.data_set(258, bytes(range(1, 9)) * 12)),
    p.message10(p.options10(300, [(302, 4)], [(305, 4), (306, 4)]), p.data_set(300, bytes(24))),
    p.message10(p.data_set(256, p.flow4()), p.data_set(2, p.number(256, 2) + bytes(2))),
]
NUMBERS = [0, 1, 2, 3, 4, 255, 256, 257, 258, 300, 0x7FFF, 0x8001, 0xFFFE, 0xFFFF]


def mutated(chance, data):
    for _ in range(chance.randrange(5)):
        at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        kind = chance.randrange(6)
        if kind == 0:
            data = data[:at] + chance.randbytes(1) + data[at + 1 :]
        elif kind == 1:
            data = data[:at]
        elif kind == 2:
            data = data[:at] + data[at:to] * chance.randrange(2, 20) + data[to:]
        elif kind == 3:
            data = data[:at] + chance.choice(SEEDS)[at:]
        elif kind == 4:
            data = data[:at] + p.number(chance.choice(NUMBERS), 2) + data[at + 2 :]
        else:
            data = data[:at] + data[to:]
    return data[:65_535]


@pytest.mark.parametrize("seed", range(4))
def test_no_mutated_message_raises_or_goes_uncounted(seed):
    chance, decoder, batch = random.Random(seed), Decoder(), Batch(ROOM)

    for turn in range(2500 * ROUNDS):
        data = mutated(chance, chance.choice(SEEDS))
        sender = Sender("192.0.2.1", chance.randrange(40), stream=chance.random() < 0.2)
        before = decoder.totals.flows
        decoder.decode(data, sender, p.NOW + turn * 100, batch)
        assert len(batch) == decoder.totals.flows - before, data
        for record in batch:
            assert isinstance(record, Record)
            assert record.bytes or record.packets, data
            assert 0 < record.start <= record.end < 1 << 48 or record.end == record.start, data
        batch.clear()
        if turn % 100 == 0:
            decoder.expire(p.NOW + turn * 100)
            assert p.conserved(decoder), data
    assert p.conserved(decoder)
    assert decoder.totals.flows > 0


@pytest.mark.parametrize("seed", range(4))
def test_mutated_messages_among_good_ones_come_to_the_same_many_at_once(seed):
    chance, sent, sequences = random.Random(seed), [], {}
    for _ in range(2500 * ROUNDS):
        sender = Sender("192.0.2.1", chance.randrange(5))
        if chance.random() < 0.2:
            sent.append((mutated(chance, chance.choice(SEEDS)), sender))
            continue
        sequence = sequences[sender] = sequences.get(sender, 0) + 2
        data = p.data_set(256, p.flow4() * 2)
        sets = [p.template(256, p.FLOW4), data] if chance.random() < 0.05 else [data]
        sent.append((p.message10(*sets, sequence=sequence - 2, domain=7), sender))
    turns = two_ways.split(sent, seed)
    once, many = Decoder(), two_ways.Counting()

    assert two_ways.many_at_once(turns, many) == two_ways.one_by_one(turns, once)

    assert two_ways.known(many) == two_ways.known(once)
    assert many.long_way < len(sent) / 2
