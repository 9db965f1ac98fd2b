"""What the soak's exporters put on the wire: single, valid datagrams, each with a number due."""

import socket
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks import netflow_messages
from benchmarks.netflow_senders import EXPORTERS, MOST_SEGMENTS, WRAP_AFTER_MESSAGES, Sender
from shorthaul.telemetry.netflow import decoders, exporters
from shorthaul.telemetry.netflow.records import Batch

NOW = netflow_messages.SECONDS * 1_000
ENOUGH = EXPORTERS * (WRAP_AFTER_MESSAGES + 200)


@pytest.fixture
def inbox():
    """A socket that keeps what is sent until it is read."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        made.bind(("127.0.0.1", 0))
        made.settimeout(10)
        yield made


@pytest.fixture
def sent(inbox, request):
    """A sender of some shape, and what came of it until numbers had wrapped, by exporter."""
    sender = Sender(request.param, 1, inbox.getsockname()[1])
    came = defaultdict(list)
    send = sender.greet
    while sender.sent < ENOUGH:
        before = sender.sent
        send()
        send = sender.send
        for _ in range(sender.sent - before):
            data, address = inbox.recvfrom(1 << 16)
            came[address].append(data)
    yield sender, came
    sender.close()


@pytest.mark.parametrize("sent", netflow_messages.SHAPES, indirect=True)
def test_every_exporter_sends_the_drawn_messages_one_by_one_with_the_numbers_that_are_due(
    sent, request
):
    sender, came = sent
    shape = request.node.callspec.params["sent"]
    number_at = {5: 16, 9: 12, 10: 8}[netflow_messages.SHAPES[shape].version]
    drawn = netflow_messages.messages(shape, 2_000 * sender.records, 1)
    greeting = drawn[:1]

    assert len(came) == EXPORTERS
    for datagrams in came.values():
        first = int.from_bytes(datagrams[0][number_at : number_at + 4], "big")
        assert len(datagrams) > WRAP_AFTER_MESSAGES
        for at, (data, message) in enumerate(zip(datagrams, greeting + drawn, strict=False)):
            number = (first + at * sender.units) % (1 << 32)
            due = message[:number_at] + number.to_bytes(4, "big") + message[number_at + 4 :]
            assert data == due


@pytest.mark.parametrize("sent", netflow_messages.SHAPES, indirect=True)
def test_a_decoder_reads_every_record_of_them_and_misses_none(sent, request):
    sender, came = sent
    version = netflow_messages.SHAPES[request.node.callspec.params["sent"]].version
    decoder, batch = decoders.Decoder(), Batch(2 * decoders.ROOM)

    for (address, port), datagrams in came.items():
        for data in datagrams:
            decoder.decode(data, exporters.Sender(address, port), NOW, batch)
            batch.clear()

    loss = decoder.loss(version)
    assert decoder.totals.flows == sender.sent * sender.records
    assert (loss.received, loss.lost, loss.restarts) == (sender.sent * sender.units, 0, 0)
    assert not decoder.totals.refused


def test_a_pace_is_held(inbox):
    sender = Sender("v5", 1, inbox.getsockname()[1])
    sender.messages_per_second = 2_000

    seconds = sender.pace(0.5)
    sender.close()

    assert seconds >= 0.5
    assert 0 < sender.sent <= 2_000 * seconds + MOST_SEGMENTS


def test_a_pace_that_is_raised_meanwhile_is_held_since_the_beginning(inbox):
    sender = Sender("v5", 1, inbox.getsockname()[1])
    sender.messages_per_second = 1_000

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sender.pace, 2.0)
        time.sleep(1.0)
        sender.messages_per_second = 50_000
        seconds = sending.result()
    sender.close()

    assert 75_000 < sender.sent <= 50_000 * seconds + MOST_SEGMENTS
