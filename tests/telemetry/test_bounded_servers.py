"""All servers of HTTP: many connections hold few threads and few of them long, whoever connects."""

import contextlib
import gzip
import socket
import ssl
import threading
import time
import urllib.request

import pytest

from shorthaul import metrics, web
from shorthaul.map_metrics import MapMetrics, MapRules
from shorthaul.telemetry import bounded_servers
from shorthaul.telemetry.collectors import expositions, spool_servers
from shorthaul.telemetry.collectors.settings import SpoolRules
from shorthaul.telemetry.collectors.spool_servers import SpoolServer
from shorthaul.telemetry.collectors.spools import Spool
from telemetry.relay.certificates import Authority
from testbed import ports

MOST = 4
WAIT_SECONDS = 60
HANDSHAKE = b"\x16\x03\x01\x20\x00"
REQUEST = b"GET /windows HTTP/1.1\r\nX: "


class Served:
    """One running server, and what is known of its threads."""

    def __init__(self, port, *, path="/metrics", context=None):
        self.port, self.path, self.context = port, path, context
        self._others = set(threading.enumerate())

    def ask(self):
        """The status of an answer; None where there is none."""
        scheme = "http" if self.context is None else "https"
        where = f"{scheme}://localhost:{self.port}{self.path}"
        with contextlib.suppress(OSError, ssl.SSLError):
            return urllib.request.urlopen(where, timeout=30, context=self.context).status
        return None

    def threads(self):
        """How many it has now for connections."""
        return len(set(threading.enumerate()) - self._others)

    def connect(self, stack, number):
        """Opens connections; those that it did not close at once, and the most threads seen."""
        opened, most = [], 0
        for _ in range(number):
            opened.append(
                stack.enter_context(socket.create_connection(("127.0.0.1", self.port), 30))
            )
            most = max(most, self.threads())
        until(lambda: sum(not _closed(each) for each in opened) <= MOST)
        return [each for each in opened if not _closed(each)], max(most, self.threads())


def _closed(connection):
    connection.settimeout(0.01)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def until(true):
    """Waits for it."""
    end = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(params=["operator", "collector", "spool", "spool with TLS"])
def start(request, tmp_path, monkeypatch):
    """Starts one of the servers, with limits that are soon reached."""
    monkeypatch.setattr(bounded_servers, "MOST_CONNECTIONS", MOST)
    with contextlib.ExitStack() as stack:

        def started(*, silence_seconds=600.0, connection_seconds=600.0):
            for handler in (bounded_servers._Quiet, spool_servers._Handler):
                monkeypatch.setattr(handler, "timeout", silence_seconds)
            for module in (bounded_servers, spool_servers):
                monkeypatch.setattr(module, "CONNECTION_SECONDS", connection_seconds)
            if request.param == "operator":
                return _operator(stack)
            if request.param == "collector":
                return _collector()
            tls = request.param == "spool with TLS"
            authority = Authority(tmp_path / "authority") if tls else None
            return _spool(stack, tmp_path / "spool", authority)

        yield started


def _operator(stack):
    [port] = ports.pick(1)
    maps = MapMetrics(MapRules(0, 600.0), time.time)
    web.serve(port, "127.0.0.1", maps)
    stack.callback(metrics.REGISTRY.unregister, maps)
    return Served(port)


def _collector():
    [port] = ports.pick(1)
    expositions.serve(expositions.CollectorExposition(), port, "127.0.0.1")
    return Served(port)


def _spool(stack, folder, authority):
    tls = authority.folder_of("tls", names="DNS:localhost") if authority else None
    spool = stack.enter_context(Spool(str(folder), SpoolRules(window_seconds=60)))
    server = stack.enter_context(SpoolServer(spool, "127.0.0.1", 0, str(tls or "")))
    context = None
    if tls is not None:
        context = ssl.create_default_context(cafile=str(tls / "ca.crt"))
        context.load_cert_chain(tls / "tls.crt", tls / "tls.key")
    return Served(server.port, path="/windows", context=context)


def test_silent_connections_hold_few_threads_and_no_longer_than_they_are_there(start):
    served = start()
    with contextlib.ExitStack() as stack:
        held, most = served.connect(stack, 5 * MOST)

        assert len(held) == most == MOST
        assert served.ask() is None
    until(lambda: served.ask() == 200)
    until(lambda: served.threads() == 0)


def test_who_stays_silent_is_let_go(start, capfd):
    served = start(silence_seconds=1.0)
    with contextlib.ExitStack() as stack:
        held, most = served.connect(stack, 5 * MOST)
        until(lambda: all(_closed(each) for each in held))
        until(lambda: served.ask() == 200)

    assert most <= MOST
    assert "Traceback" not in capfd.readouterr().err


def test_who_drips_is_let_go(start, capfd):
    served = start(connection_seconds=2.0)
    with contextlib.ExitStack() as stack:
        held, most = served.connect(stack, 5 * MOST)
        for each in held:
            with contextlib.suppress(OSError):
                each.sendall(HANDSHAKE if served.context else REQUEST)
        until(lambda: sum(_dripped(each) for each in held) == len(held))
        until(lambda: served.ask() == 200)

    assert most <= MOST
    assert "Traceback" not in capfd.readouterr().err


def _dripped(connection):
    """Whether it is closed, after one byte more."""
    with contextlib.suppress(OSError):
        connection.sendall(b"\x01")
    return _closed(connection)


def test_who_is_silent_keeps_nobody_else_from_being_answered(start):
    served = start()
    with contextlib.ExitStack() as stack:
        held, _ = served.connect(stack, MOST - 1)

        assert served.ask() == 200
        assert len(held) == MOST - 1


def test_who_does_not_read_the_answer_is_let_go(monkeypatch, capfd):
    monkeypatch.setattr(bounded_servers, "CONNECTION_SECONDS", 1.0)
    answer = bytes(64 << 20)  # more than the kernel keeps for who reads later

    def application(environment, begin):
        begin("200 OK", [("Content-Type", "text/plain")])
        return [answer]

    [port] = ports.pick(1)
    bounded_servers.serve(application, "127.0.0.1", port, "large")
    served, read = Served(port), 0
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.recv(1)
        until(lambda: served.threads() == 0)
        with contextlib.suppress(ConnectionError):
            while found := connection.recv(1 << 20):
                read += len(found)

    assert read < len(answer)
    assert "Traceback" not in capfd.readouterr().err


def test_a_server_that_ends_hangs_up_on_whoever_is_there(tmp_path):
    with contextlib.ExitStack() as stack, contextlib.ExitStack() as running:
        served = _spool(running, tmp_path / "spool", None)
        held, _ = served.connect(stack, 1)
        until(lambda: served.threads() == 1)
        running.close()

        until(lambda: _closed(held[0]))
        until(lambda: served.threads() == 0)


def test_a_port_that_is_taken_is_an_error():
    exposition = expositions.CollectorExposition()
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
    ):
        expositions.serve(exposition, taken.getsockname()[1], "127.0.0.1")


def test_addresses_of_both_kinds_are_listened_on():
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    [port] = ports.pick(1)
    try:
        expositions.serve(expositions.CollectorExposition(), port, "::1")
    except OSError:
        pytest.skip("no IPv6 here")

    assert urllib.request.urlopen(f"http://[::1]:{port}/metrics", timeout=30).status == 200


def test_a_scrape_says_in_which_form_and_of_what_it_wants_the_metrics():
    with contextlib.ExitStack() as stack:
        served = _operator(stack)
        request = urllib.request.Request(
            f"http://127.0.0.1:{served.port}/metrics?name[]=shorthaul_lost_flow_events_total",
            headers={
                "Accept": "application/openmetrics-text; version=1.0.0",
                "Accept-Encoding": "gzip",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = gzip.decompress(answer.read()).decode()

    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert text.splitlines()[-1] == "# EOF"
    names = {line.split()[0] for line in text.splitlines() if line[0] != "#"}
    assert names == {"shorthaul_lost_flow_events_total"}
