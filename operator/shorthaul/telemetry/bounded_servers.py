"""HTTP servers that hold few threads, whoever connects: one for each connection, so many at most.

A connection beyond that is closed before a thread is made for it. One that is there has until its
handler's `timeout` to ask, the handshake of TLS in that thread too, and so long in all, whatever is
waited for in it: what drips is hung up on as well. The thread that accepts waits for no connection.
"""

import contextlib
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import AF_INET, AF_INET6, SHUT_RDWR, socket
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

MOST_CONNECTIONS = 32
"""How many a server has at a time."""
REQUEST_SECONDS = 5.0
"""How long an application's client may be silent before it has asked."""
CONNECTION_SECONDS = 65.0
"""How long its connection may take in all, with the answer, which may be a large map."""

Environment = Mapping[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]
Application = Callable[[Environment, Start], Iterable[bytes]]
Contexts = Callable[[], ssl.SSLContext]
"""TLS as the next connection has it; called in that connection's thread."""


def serve(application: Application, address: str, port: int, name: str) -> None:
    """Serves from a thread until the process ends; raises OSError when the port is taken."""
    server = _ApplicationServer((address, port), _Quiet, CONNECTION_SECONDS)
    server.set_app(application)
    threading.Thread(target=server.serve_forever, name=name, daemon=True).start()


class _Line:
    """A second hold on a connection, to hang up from another thread: TLS takes the first over."""

    def __init__(self, connection: socket, end: float) -> None:
        self.end = end
        self._twin = connection.dup()
        self._lock = threading.Lock()  # a number that was given back may be another's at once

    def hang_up(self) -> None:
        """Wakes whoever waits for the connection; does nothing to one that is closed."""
        with self._lock, contextlib.suppress(OSError):
            self._twin.shutdown(SHUT_RDWR)

    def close(self) -> None:
        """Gives this hold back."""
        with self._lock:
            self._twin.close()


class Server(ThreadingMixIn, HTTPServer):
    """Listens once it is made; `serve_forever` accepts, and ends what takes too long."""

    def __init__(
        self,
        where: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        connection_seconds: float,
        contexts: Contexts | None = None,
    ) -> None:
        self.address_family = AF_INET6 if ":" in where[0] else AF_INET
        self._silence_seconds = handler.timeout
        self._connection_seconds = connection_seconds
        self._contexts = contexts
        self._served: list[tuple[threading.Thread, _Line]] = []  # the accepting thread's alone
        super().__init__(where, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serves it in a thread, if there is room for one more; closes it else."""
        self._served = [(thread, line) for thread, line in self._served if thread.is_alive()]
        if len(self._served) >= MOST_CONNECTIONS:
            self.shutdown_request(request)
            return
        line = _Line(request, time.monotonic() + self._connection_seconds)
        thread = threading.Thread(
            target=self._serve,
            args=(line, request, client_address),
            name="process_request",
            daemon=True,
        )
        try:
            thread.start()
        except BaseException:
            line.close()
            raise
        self._served.append((thread, line))

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shakes hands where there is TLS, and handles what is asked."""
        if self._contexts is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(self._silence_seconds)
        with self._contexts().wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def service_actions(self) -> None:
        """Hangs up on those whose time is over; called every now and then, and never blocks."""
        now = time.monotonic()
        for _, line in self._served:
            if line.end <= now:
                line.hang_up()

    def handle_error(self, request: "socket | tuple[bytes, socket]", client_address: Any) -> None:
        """Tells of our faults only: who breaks a connection off, or is hung up on, is none."""
        fault = sys.exception()
        if not isinstance(fault, OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        """Stops to listen, and hangs up on those who are still served."""
        super().server_close()
        for _, line in self._served:
            line.hang_up()

    def _serve(self, line: _Line, request: Any, client_address: Any) -> None:
        with contextlib.closing(line):
            self.process_request_thread(request, client_address)


class _ApplicationServer(Server, WSGIServer):
    """A server of an application."""


class _Quiet(WSGIRequestHandler):
    """Logs no requests: scrapes come all the time."""

    timeout = REQUEST_SECONDS

    def parse_request(self) -> bool:
        """Reads what is asked for; from then on only the connection's time in all counts."""
        read = super().parse_request()
        self.connection.settimeout(None)
        return read

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Says nothing."""
