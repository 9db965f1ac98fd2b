"""A server that misbehaves costs one clear line, little memory and little time."""

import gzip
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cli.commands import shorthaul
from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus.clients import Engine, Server
from telemetry.relay.certificates import Authority

GOOD = json.dumps(
    {
        "status": "success",
        "data": {"resultType": "vector", "result": [{"metric": {"a": "b"}, "value": [1, "7"]}]},
        "warnings": ["slow\nstore"],
    }
).encode()
ERROR = json.dumps({"status": "error", "errorType": "bad_data", "error": "too many\n samples"})
LIMIT = 100_000
PROFILE = """
name: ours
metrics: [our_bytes_total]
unit: bytes
one_side: there is only one
source: {namespace: from, name: name, kind: kind}
destination: {namespace: to, pod: pod}
"""
OURS = {"from": "shop", "name": "web", "kind": "Deployment", "to": "shop", "pod": "db-0"}


class Handler(BaseHTTPRequestHandler):
    """Answers with what the server was given, and keeps what was asked."""

    def do_GET(self):
        status, headers, body, pause = self.server.answers[self.path.startswith("/else")]
        self.server.asked.append((self.path, dict(self.headers)))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for piece in body:
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(pause)
        except OSError:
            self.server.hung_up = True

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def server():
    """A server on a port of its own; `answer` tells what it says."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked, running.answers = [], {}
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def answer(server, body=(GOOD,), *, status=200, headers=None, pause=0.0):
    server.answers[False] = status, headers or {}, body, pause


def ask(server, scheme="http", **options):
    url = f"{scheme}://127.0.0.1:{server.server_port}/prefix/"
    pauses = []
    engine = Engine(Server(url, largest_answer_bytes=LIMIT, **options), pauses.append)
    try:
        return engine.ask("up", 12)
    finally:
        engine.close()


def test_a_good_answer_and_its_warnings(server):
    answer(server)

    found = ask(server)

    assert found.rows == (({"a": "b"}, 7.0),)
    assert found.warnings == ("slow store",)
    ((path, _),) = server.asked
    assert path.startswith("/prefix/api/v1/query?query=up&time=12&")
    assert "&partial_response=false" in path
    assert "&deny_partial_response=1" in path


def test_an_answer_without_end_is_cut_off(server):
    answer(server, (b" " * 10_000 for _ in range(10_000)))

    with pytest.raises(BadInput, match="more than 100,000 bytes"):
        ask(server)
    assert len(server.asked) == 1


def test_a_compressed_answer_is_measured_unpacked(server):
    answer(server, [gzip.compress(b" " * 5_000_000)], headers={"Content-Encoding": "gzip"})

    with pytest.raises(BadInput, match="more than 100,000 bytes"):
        ask(server)


@pytest.mark.parametrize("pause", [0.05, 2.0])
def test_an_answer_that_drips_in_is_not_waited_for(server, pause):
    answer(server, (b" " for _ in range(2_000)), pause=pause)

    with pytest.raises(BadInput, match=r"no whole answer within 0\.5 s"):
        ask(server, answer_seconds=0.5)


def test_redirects_are_not_followed(server):
    server.answers[True] = 200, {}, (GOOD,), 0.0
    answer(server, (), status=302, headers={"Location": "/else"})

    with pytest.raises(BadInput, match="redirects elsewhere"):
        ask(server)
    assert len(server.asked) == 1


def test_a_redirect_to_an_address_that_is_no_text_is_one_clear_line(server):
    answer(server, (), status=302, headers={"Location": "\xff\xfe"})

    with pytest.raises(BadInput, match=r"127\.0\.0\.1:\d+/prefix: no readable answer \("):
        ask(server)


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_busy_is_asked_again_a_few_times(server, status):
    answer(server, (b"busy",), status=status)

    with pytest.raises(BadInput, match=f"HTTP status {status}: busy"):
        ask(server)
    assert len(server.asked) == 3


def test_what_an_error_says_is_told_on_one_line(server):
    answer(server, (ERROR.encode(),), status=422)

    with pytest.raises(BadInput, match="HTTP status 422: too many samples"):
        ask(server)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"status":"success","data":{}}',
        b"\xff",
        pytest.param(b"[" * LIMIT, id="deep"),
        pytest.param(b"1" * 5_000, id="many digits"),
    ],
)
def test_an_answer_of_somebody_else_is_refused(server, body):
    answer(server, (body,))

    with pytest.raises(BadInput, match="the answer is none of Prometheus'"):
        ask(server)


def test_what_a_server_warns_of_does_not_repaint_the_terminal(server, tmp_path):
    profile = tmp_path / "ours.yaml"
    profile.write_text(PROFILE)
    rows = [{"metric": OURS, "value": [1, "7"]}]
    told = {
        "status": "success",
        "data": {"resultType": "vector", "result": rows},
        "warnings": ["\x1b[2J\x07slow store"],
    }
    answer(server, (json.dumps(told).encode(),))
    url = f"http://127.0.0.1:{server.server_port}"

    outcome = shorthaul("record", "--prometheus", url, "--profile", profile)

    assert outcome.status == 0
    assert outcome.err.endswith("shorthaul: the server warns: \\x1b[2J\\x07slow store\n")


def test_a_token_is_read_anew_for_each_query(server, tmp_path):
    token = tmp_path / "token"
    answer(server)

    for word in ("first", "second"):
        token.write_text(f"{word}\n")
        ask(server, token_file=str(token))

    told = [headers["Authorization"] for _, headers in server.asked]
    assert told == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize("text", ["", "two words", "line\nline", "x" * 20_000, "é"])
def test_a_file_without_a_token_in_it_is_refused(server, tmp_path, text):
    token = tmp_path / "token"
    token.write_text(text)
    answer(server)

    with pytest.raises(BadInput, match="no token in it"):
        ask(server, token_file=str(token))
    assert server.asked == []


def test_the_environment_changes_nothing(server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    answer(server)

    ask(server)

    assert "Authorization" not in server.asked[0][1]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders of mounted Secrets by what is in them."""
    base = tmp_path_factory.mktemp("tls")
    ours, theirs = Authority(base / "ours"), Authority(base / "theirs")
    here = "IP:127.0.0.1"
    return {
        "server": ours.folder_of("server", names=here),
        "mutual": ours.folder_of("mutual", names=here),
        "one-sided": ours.folder_of("one-sided", mutual=False),
        "foreign": theirs.folder_of("foreign", names=here),
        "empty": base,
    }


@pytest.fixture
def mutual_server(server, folders):
    """The same server, with TLS that asks for a certificate of the client."""
    context = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cafile=folders["server"] / "ca.crt"
    )
    context.load_cert_chain(folders["server"] / "tls.crt", folders["server"] / "tls.key")
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # refusals come with the handshake
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    answer(server)
    return server


def test_mutual_tls_with_the_certificates_of_a_folder(mutual_server, folders, tmp_path):
    token = tmp_path / "token"
    token.write_text("word")
    secrets = {"tls_folder": str(folders["mutual"]), "token_file": str(token)}

    assert len(ask(mutual_server, "https", **secrets).rows) == 1


@pytest.mark.parametrize("folder", ["one-sided", "foreign", ""])
def test_a_connection_that_one_side_does_not_trust_is_refused(mutual_server, folders, folder):
    with pytest.raises(BadInput, match=r"127\.0\.0\.1"):
        ask(mutual_server, "https", tls_folder=str(folders[folder]) if folder else "")
    assert mutual_server.asked == []


def test_a_folder_without_an_authority_is_refused(mutual_server, folders):
    with pytest.raises(BadInput, match=r"ca\.crt: cannot be read"):
        ask(mutual_server, "https", tls_folder=str(folders["empty"]))
