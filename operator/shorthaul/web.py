"""The operator's read-only HTTP: its metrics, and the traffic map as files beside them.

One port, one address, threads of its own; whoever may read the metrics may read the map, and
nothing can be changed here. It knows nothing of what it serves but where to ask for it.
"""

from collections.abc import Iterable
from urllib.parse import parse_qs

from prometheus_client import make_wsgi_app

from shorthaul import metrics
from shorthaul.errors import BadInput
from shorthaul.map_metrics import FORMS, MapMetrics
from shorthaul.telemetry import bounded_servers
from shorthaul.telemetry.bounded_servers import Application, Environment, Start

MAP_PATHS = {f"/map.{form}": form for form in FORMS}
_TYPES = {"json": "application/json; charset=utf-8", "graphml": "application/xml; charset=utf-8"}


def serve(port: int, address: str, maps: MapMetrics) -> None:
    """Serves from a thread until the process ends; raises OSError when the port is taken."""
    metrics.REGISTRY.register(maps)
    bounded_servers.serve(application(maps), address, port, "web")


def application(maps: MapMetrics) -> Application:
    """What answers requests: the maps' paths, and metrics for all others."""
    others = make_wsgi_app(metrics.REGISTRY)

    def answer(environment: Environment, start: Start) -> Iterable[bytes]:
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
