"""Datagrams read many in one call are those that are read one by one, with the same senders."""

import socket

import pytest

from shorthaul.errors import BadInput
from shorthaul.telemetry.collectors import inboxes
from shorthaul.telemetry.collectors.inboxes import Inbox
from shorthaul.telemetry.collectors.kernels import library
from shorthaul.telemetry.collectors.sockets import Receiver

BUFFER = 8 << 20
WAYS = [
    pytest.param(
        True,
        marks=pytest.mark.skipif(not library.available(), reason="the receiver was not compiled"),
        id="compiled",
    ),
    pytest.param(False, id="plain"),
]


@pytest.fixture(params=["127.0.0.1", "::1"])
def receiver(request):
    found = Receiver(request.param, 0, BUFFER)
    yield found
    found.close()


@pytest.fixture(params=WAYS)
def inbox(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(library, "available", lambda: False)
    return Inbox()


def opened(receiver):
    made = socket.socket(receiver.socket.family, socket.SOCK_DGRAM)
    made.connect((receiver.address, receiver.bound_port))
    return made


def read(inbox, receiver):
    """All that is there: the datagrams with their senders, and how many came in each call."""
    found, calls = [], []
    while (arrivals := inbox.fill(receiver)).number:
        calls.append(arrivals.number)
        found += [(arrivals.message(at), arrivals.sender(at)) for at in range(arrivals.number)]
    return found, calls


def test_every_datagram_comes_once_with_its_sender(inbox, receiver):
    senders = [opened(receiver) for _ in range(3)]
    sent = []
    for number in range(300):
        one, data = senders[number % 3], number.to_bytes(4, "big") * (number % 50)
        one.send(data)
        sent.append((data, one.getsockname()[:2]))

    found, calls = read(inbox, receiver)

    assert [(data, (who.address, who.port)) for data, who in found] == sent
    assert not any(who.stream for _, who in found)
    assert calls == [inboxes.SLOTS, inboxes.SLOTS, 300 - 2 * inboxes.SLOTS]
    for one in senders:
        one.close()


def test_the_longest_datagram_is_whole(inbox, receiver):
    data = bytes(range(256)) * 255 + bytes(227)
    with opened(receiver) as sender:
        for _ in range(2):
            sender.send(data)

    found, _ = read(inbox, receiver)

    assert [one for one, _ in found] == [data, data]


def test_nothing_comes_of_a_socket_without_datagrams(inbox, receiver):
    assert read(inbox, receiver) == ([], [])


def test_where_the_system_has_no_such_call_they_are_read_one_by_one(monkeypatch):
    monkeypatch.setattr(library, "available", lambda: True)
    monkeypatch.setattr(library, "receiver", lambda *given: lambda socket: library.CANNOT)
    receiver = Receiver("127.0.0.1", 0, BUFFER)
    with opened(receiver) as sender:
        sender.send(b"one")

    found, _ = read(Inbox(), receiver)

    assert [data for data, _ in found] == [b"one"]
    receiver.close()


def test_what_is_no_library_is_refused(monkeypatch, tmp_path):
    (tmp_path / "text.so").write_text("not a library")
    monkeypatch.setattr(library, "NAME", str(tmp_path / "text.so"))

    with pytest.raises(BadInput, match=r"cannot load .*text\.so: .*install shorthaul again"):
        library._loaded.__wrapped__()
