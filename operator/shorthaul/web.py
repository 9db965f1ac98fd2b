"""The operator's read-only HTTP: its metrics, and the traffic map as files beside them.

One port, one address, threads of its own; whoever may read the metrics may read the map, and
nothing can be changed here. It knows nothing of what it serves but where to ask for it. Who
connects and says nothing is let go soon; what comes while too many are served is closed at once.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from shorthaul import metrics
from shorthaul.errors import BadInput
from shorthaul.map_metrics import FORMS, MapMetrics

MAP_PATHS = {f"/map.{form}": form for form in FORMS}
_TYPES = {"json": "application/json; charset=utf-8", "graphml": "application/xml; charset=utf-8"}
REQUEST_SECONDS = 5.0
"""How long a client may be silent before it has asked."""
ANSWER_SECONDS = 60.0
"""How long it may take to be sent an answer, which may be a large map."""
MOST_REQUESTS = 32
"""How many are served at a time."""
_Environment = Mapping[str, Any]
_Start = Callable[[str, list[tuple[str, str]]], object]


def serve(port: int, address: str, maps: MapMetrics) -> None:
    """Serves from a thread until the process ends; raises OSError when the port is taken."""
    metrics.REGISTRY.register(maps)
    server = make_server(address, port, application(maps), _server_of(address), _Quiet)
    threading.Thread(target=server.serve_forever, name="web", daemon=True).start()


def application(maps: MapMetrics) -> Callable[[_Environment, _Start], Iterable[bytes]]:
    """What answers requests: the maps' paths, and metrics for all others."""
    others = make_wsgi_app(metrics.REGISTRY)

    def answer(environment: _Environment, start: _Start) -> Iterable[bytes]:
        form = MAP_PATHS.get(environment["PATH_INFO"])
        if form is None or environment["REQUEST_METHOD"] != "GET":
            found: Iterable[bytes] = others(environment, start)
            return found
        unit = parse_qs(environment.get("QUERY_STRING", "")).get("unit", [""])[0]
        try:
            content = maps.file(form, unit)
        except BadInput as refused:
            start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [f"{refused}\n".encode()]
        start("200 OK", [("Content-Type", _TYPES[form]), ("Content-Length", str(len(content)))])
        return [content]

    return answer


def _server_of(address: str) -> type[ThreadingWSGIServer]:
    room = threading.BoundedSemaphore(MOST_REQUESTS)

    class Server(ThreadingWSGIServer):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

        def process_request(self, request: Any, client_address: Any) -> None:
            """Serves it in a thread, if there is room for one more."""
            if not room.acquire(blocking=False):
                self.shutdown_request(request)
                return
            try:
                super().process_request(request, client_address)
            except BaseException:
                room.release()
                raise

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            """Makes room again in the end."""
            try:
                super().process_request_thread(request, client_address)
            finally:
                room.release()

    return Server


class _Quiet(WSGIRequestHandler):
    """Logs no requests: scrapes come all the time; nor those who went away without one."""

    timeout = REQUEST_SECONDS

    def handle(self) -> None:
        """Serves one request, should one come."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            super().handle()

    def parse_request(self) -> bool:
        """Reads what is asked for; from then on the client has time for the answer."""
        read = super().parse_request()
        self.connection.settimeout(ANSWER_SECONDS)
        return read

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Says nothing."""
