"""Serves a spool's closed windows over HTTP: `GET /windows` and `GET /windows/START`.

Read-only, from threads of its own, so that a slow reader holds nobody up; each connection has a
time limit and their number is bounded. With a folder of certificates it speaks TLS only, and with a
ca.crt in it lets only those in whose certificate that signed.
"""

import contextlib
import os
import re
import shutil
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6, socket
from typing import Any

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry.collectors.spools import Spool

CONNECTIONS = 32
SILENCE_SECONDS = 30.0
_WINDOW = re.compile(r"/windows/(\d{1,16})")


def listing(spool: Spool) -> dict[str, object]:
    """What `GET /windows` says: who this is, what is there, and what had to go."""
    return {
        "collector": spool.identity,
        "window_seconds": spool.rules.window_seconds,
        "dropped_windows": spool.dropped_windows,
        "dropped_records": spool.dropped_records,
        "windows": [
            {
                "start_ms": window.start_milliseconds,
                "end_ms": window.end_milliseconds,
                "records": window.records,
                "lost": window.lost,
                "undecodable": window.undecodable,
                "complete": window.complete,
            }
            for window in spool.windows
        ],
    }


class SpoolServer:
    """Serves from its block's beginning to its end; `port` is the one that it got."""

    def __init__(self, spool: Spool, address: str, port: int, tls_folder: str = "") -> None:
        self.port = port
        self._spool, self._address, self._tls_folder = spool, address, tls_folder
        self._server: _Server | None = None

    def __enter__(self) -> "SpoolServer":
        context = _context(self._tls_folder) if self._tls_folder else None
        try:
            self._server = _Server((self._address, self.port), self._spool, context)
        except OSError as error:
            raise BadInput(
                f"cannot listen on {self._address} port {self.port}: {error.strerror}; give "
                "another --serve-port"
            ) from None
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, address: tuple[str, int], spool: Spool, context: ssl.SSLContext | None
    ) -> None:
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        self.spool = spool
        self._context = context
        self._room = threading.Semaphore(CONNECTIONS)
        super().__init__(address, _Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection; more than there is room for are closed."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shakes hands in the connection's own thread, within its time."""
        request.settimeout(SILENCE_SECONDS)
        if self._context is not None:
            with self._context.wrap_socket(request, server_side=True) as hidden:
                super().finish_request(hidden, client_address)
            return
        super().finish_request(request, client_address)

    def handle_error(self, request: "socket | tuple[bytes, socket]", client_address: Any) -> None:
        """Whoever breaks a connection off has their reason."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SILENCE_SECONDS
    server_version = "shorthaul"
    sys_version = ""

    def do_GET(self) -> None:
        spool = self.server.spool
        if self.path == "/windows":
            self._answer(200, msgspec.json.encode(listing(spool)))
            return
        wanted = _WINDOW.fullmatch(self.path)
        start = int(wanted[1]) if wanted else -1
        for window in spool.windows:
            if window.start_milliseconds == start:
                self._send(str(spool.path(window)))
                return
        self._answer(404, b'{"error":"no such window; GET /windows lists them"}')

    def _send(self, path: str) -> None:
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(open(path, "rb"))
            except FileNotFoundError:
                self._answer(404, b'{"error":"this window went for want of room"}')
                return
            self._head(200, "application/gzip", os.fstat(file.fileno()).st_size)
            shutil.copyfileobj(file, self.wfile)

    def _answer(self, status: int, body: bytes) -> None:
        self._head(status, "application/json", len(body))
        self.wfile.write(body)

    def _head(self, status: int, kind: str, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002  # the base's own name
        """Reads are not told one by one."""


def _context(folder: str) -> ssl.SSLContext:
    """TLS as the folder has it; raises BadInput."""
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        made.load_cert_chain(f"{folder}/tls.crt", f"{folder}/tls.key")
        if os.path.exists(f"{folder}/ca.crt"):
            made.load_verify_locations(f"{folder}/ca.crt")
            made.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"{folder}: no certificates ({error}); --serve-tls needs tls.crt and tls.key, and "
            "ca.crt where readers have to show a certificate"
        ) from error
    return made
