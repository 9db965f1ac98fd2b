"""Serves a spool's closed windows over HTTP: `GET /windows` and `GET /windows/START`.

Read-only, from few threads of its own, so that a slow reader holds nobody up. With a folder of
certificates it speaks TLS only, and with a ca.crt in it lets only those in whose certificate that
signed.
"""

import contextlib
import os
import re
import shutil
import ssl
import threading
from http.server import BaseHTTPRequestHandler

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry import bounded_servers
from shorthaul.telemetry.collectors import serving_certificates
from shorthaul.telemetry.collectors.renewed_folders import RenewedFolder
from shorthaul.telemetry.collectors.spools import Spool

SILENCE_SECONDS = 30.0
CONNECTION_SECONDS = 90.0
_WINDOW = re.compile(r"/windows/(\d{1,16})")


def listing(spool: Spool) -> dict[str, object]:
    """What `GET /windows` says: who this is, what is there, and what had to go."""
    return {
        "collector": spool.identity,
        "window_seconds": spool.rules.window_seconds,
        "numbers": True,
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
        certificates = None
        if self._tls_folder:
            certificates = RenewedFolder(self._tls_folder, serving_certificates.read)
        try:
            self._server = _Server((self._address, self.port), self._spool, certificates)
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


class _Server(bounded_servers.Server):
    def __init__(
        self,
        address: tuple[str, int],
        spool: Spool,
        certificates: RenewedFolder[ssl.SSLContext] | None,
    ) -> None:
        self.spool = spool
        contexts = certificates.latest if certificates is not None else None
        super().__init__(address, _Handler, CONNECTION_SECONDS, contexts)


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
