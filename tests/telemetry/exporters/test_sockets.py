"""Which sockets send to a port, by the kernel's own list and real sockets on loopback."""

import contextlib
import socket

import pytest

from shorthaul.telemetry.exporters import sockets
from shorthaul.telemetry.exporters.sockets import Transport

KINDS = {Transport.UDP: socket.SOCK_DGRAM, Transport.TCP: socket.SOCK_STREAM}
HOSTS = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


@contextlib.contextmanager
def _receiver(transport, family=socket.AF_INET):
    with socket.socket(family, KINDS[transport]) as receiver:
        receiver.bind((HOSTS[family], 0))
        if transport is Transport.TCP:
            receiver.listen()
        yield receiver


@pytest.mark.parametrize("transport", Transport)
@pytest.mark.parametrize("family", HOSTS)
def test_a_socket_counts_from_its_connect_to_its_close(transport, family):
    with _receiver(transport, family) as receiver:
        port = receiver.getsockname()[1]
        sender = socket.socket(family, KINDS[transport])
        before = sockets.senders(transport, port)
        sender.connect(receiver.getsockname())
        during = sockets.senders(transport, port)
        sender.close()

        assert (before, during, sockets.senders(transport, port)) == (0, 1, 0)


@pytest.mark.parametrize("transport", Transport)
def test_who_only_receives_on_the_port_does_not_send_to_it(transport):
    with _receiver(transport) as receiver:
        assert sockets.senders(transport, receiver.getsockname()[1]) == 0


def test_a_connection_that_the_other_end_has_closed_sends_no_more():
    with _receiver(Transport.TCP) as receiver:
        port = receiver.getsockname()[1]
        with socket.create_connection(receiver.getsockname()) as sender:
            accepted, _ = receiver.accept()
            accepted.close()
            sender.recv(1)

            assert sockets.senders(Transport.TCP, port) == 0


def test_other_transports_and_ports_are_not_counted():
    with _receiver(Transport.UDP) as receiver, socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.connect(receiver.getsockname())
        port = receiver.getsockname()[1]

        assert sockets.senders(Transport.TCP, port) == 0
        assert sockets.senders(Transport.UDP, 1 if port != 1 else 2) == 0


def test_without_ipv6_there_is_one_list(tmp_path):
    (tmp_path / "udp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue\n"
        "    7: 0B00FA0A:9C40 0A0B600A:1283 01 00000000:00000000\n"
    )

    assert sockets.senders(Transport.UDP, 4739, tmp_path) == 1


def test_without_any_list_it_is_an_error(tmp_path):
    with pytest.raises(OSError, match="udp"):
        sockets.senders(Transport.UDP, 4739, tmp_path)
