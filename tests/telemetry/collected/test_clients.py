"""Asking collectors that answer badly."""

import contextlib
import http.server
import socket
import threading

import pytest

from shorthaul.telemetry.collected import clients
from shorthaul.telemetry.collected.clients import NoAnswer, Place


class _Answering(http.server.BaseHTTPRequestHandler):
    body = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def answering(body):
    """A server that answers everything with the same."""
    kind = type("Answering", (_Answering,), {"body": body})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Place("127.0.0.1", server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"\xff", b'{"windows": ' + b"[" * 200_000, b'{"more": ' + b"[" * 200_000],
    ids=["empty", "list", "bytes", "nested", "nested beside"],
)
def test_what_is_no_list_of_windows_is_told_in_one_line(body):
    with answering(body) as place, pytest.raises(NoAnswer, match="no list of windows") as found:
        clients.listing_of(place, "127.0.0.1")

    assert "\n" not in str(found.value)


@contextlib.contextmanager
def repeating(begin, again):
    """A server that says something again and again, for as long as it is heard."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            peer, _ = server.accept()
            with peer, contextlib.suppress(OSError):
                peer.sendall(begin)
                while True:
                    peer.sendall(again)
                    if ended.wait(0.02):
                        return

        ended = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield Place("127.0.0.1", server.getsockname()[1])
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"HTTP/1.1 200 OK\r\nLong: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    ],
    ids=["header", "continue", "body"],
)
def test_an_answer_that_does_not_end_is_given_up(monkeypatch, begin, again):
    monkeypatch.setattr(clients, "ANSWER_SECONDS", 0.3)
    with repeating(begin, again) as place, pytest.raises(NoAnswer, match="took longer than"):
        clients.listing_of(place, "127.0.0.1")
