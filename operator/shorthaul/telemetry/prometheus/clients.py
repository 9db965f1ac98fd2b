"""The connection to a Prometheus-compatible engine, by prometheus-api-client on a session of ours.

The library waits for ever, reads whatever comes and follows redirects, so the session says how:
each answer has a time and a size limit (after decompression), nothing is followed, and nothing is
taken from the environment (no proxy, no .netrc, which would replace our token). The token and the
certificates are read from their files anew for each request, so that renewed ones are taken up.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import prometheus_api_client
import requests
from urllib3.exceptions import ReadTimeoutError
from urllib3.util.retry import Retry

from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus.answers import Answer, error_of, read_answer
from shorthaul.telemetry.tls_folders import files_in

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
LARGEST_ANSWER_BYTES = 16 << 20
LARGEST_TOKEN_BYTES = 16_384
TRIES = 3
PAUSE_SECONDS = 1.0
WHOLE = {"partial_response": "false", "deny_partial_response": "1"}
"""How Thanos and VictoriaMetrics are told that a part of the answer is none."""
_AGAIN = frozenset((429, 502, 503, 504))
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Server:
    """Where the engine is and how to be let in; `tls_folder` has ca.crt, tls.crt and tls.key."""

    url: str
    token_file: str = ""
    tls_folder: str = ""
    answer_seconds: float = ANSWER_SECONDS
    largest_answer_bytes: int = LARGEST_ANSWER_BYTES


class _TooLarge(Exception):
    """An answer that is larger than it may be."""


class _TooSlow(Exception):
    """An answer that drips in."""


class _Capped:
    """The body of a response, which ends with an error where it is too large or too slow."""

    def __init__(self, body: Any, most_bytes: int, deadline: float) -> None:
        self._body = body
        self._left = most_bytes
        self._deadline = deadline

    def stream(self, size: int, decode_content: bool) -> Iterator[bytes]:
        """The decompressed body as it comes: waiting for whole pieces would blind the deadline."""
        while piece := self._body.read1(size, decode_content=decode_content):
            self._left -= len(piece)
            if self._left < 0:
                raise _TooLarge
            if time.monotonic() > self._deadline:
                raise _TooSlow
            yield piece

    def __getattr__(self, name: str) -> Any:
        """All else is the body's."""
        return getattr(self._body, name)


class Engine:
    """Asks one server; made without a connection."""

    def __init__(self, server: Server, pause: Callable[[float], None] = time.sleep) -> None:
        """Store whom to ask; raises BadInput for an address that cannot be used."""
        self._server = server
        self._url = checked_url(server)
        self._pause = pause
        self._status, self._text = 0, b""
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.max_redirects = 0
        self._session.auth = self._authorize
        self._session.hooks["response"] = [self._read]
        self._connection = prometheus_api_client.PrometheusConnect(
            self._url,
            session=self._session,
            retry=Retry(total=0, redirect=False, read=False),
            timeout=(CONNECT_SECONDS, server.answer_seconds),
        )

    def ask(self, query: str, at_seconds: int) -> Answer:
        """The instant vector of a query at a time; raises BadInput."""
        for attempt in range(TRIES):
            status, text = self._ask(query, at_seconds)
            if status not in _AGAIN or attempt == TRIES - 1:
                break
            self._pause(PAUSE_SECONDS * (attempt + 1))
        if status != requests.codes.ok:
            raise BadInput(f"{self._url}: HTTP status {status}: {error_of(text)}{_advice(status)}")
        return read_answer(text, self._url)

    def close(self) -> None:
        """Ends the connections."""
        self._connection.close()

    def _ask(self, query: str, at_seconds: int) -> tuple[int, bytes]:
        self._trust()
        seconds = self._server.answer_seconds
        self._status, self._text = 0, b""
        limits = {"timeout": f"{int(max(1, seconds))}s", **WHOLE}
        try:
            self._connection.custom_query(query, {"time": str(at_seconds), **limits})
        except prometheus_api_client.PrometheusApiClientException:
            pass  # the status tells
        except _TooLarge as error:
            most = self._server.largest_answer_bytes
            raise BadInput(f"{self._url}: an answer has more than {most:,} bytes") from error
        except (_TooSlow, requests.exceptions.Timeout) as error:
            raise self._slow() from error
        except requests.exceptions.TooManyRedirects as error:
            raise BadInput(f"{self._url}: it redirects elsewhere; give that address") from error
        except requests.exceptions.SSLError as error:
            raise BadInput(f"{self._url}: no trusted TLS connection ({_why(error)})") from error
        except requests.exceptions.RequestException as error:
            if any(isinstance(part, ReadTimeoutError) for part in error.args):
                raise self._slow() from error
            raise BadInput(f"{self._url}: cannot be asked ({_why(error)})") from error
        except BadInput:
            raise
        except ValueError as error:  # such as a Location that is no text
            raise BadInput(f"{self._url}: no readable answer ({_why(error)})") from error
        return self._status, self._text

    def _slow(self) -> BadInput:
        told = f"no whole answer within {self._server.answer_seconds:g} s"
        return BadInput(f"{self._url}: {told}; ask for less time or a shorter step")

    def _read(self, response: Any, *_: Any, **__: Any) -> None:
        """Takes the body, within its limits, before anybody else does.

        The library would decode it too, without any care for what is in it, for a result that
        nobody takes; only `read_answer` decodes.
        """
        deadline = time.monotonic() + self._server.answer_seconds
        response.raw = _Capped(response.raw, self._server.largest_answer_bytes, deadline)
        self._status, self._text = response.status_code, response.content
        response.json = lambda **_: {"data": {"result": ()}}

    def _authorize(self, request: Any) -> Any:
        if self._server.token_file:
            token = _read_token(Path(self._server.token_file))
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    def _trust(self) -> None:
        if not self._server.tls_folder:
            return
        files = files_in(self._server.tls_folder, "the folder")
        self._session.verify = str(files.authority)
        if files.pair:
            self._session.cert = (str(files.pair[0]), str(files.pair[1]))


def checked_url(server: Server) -> str:
    """The address without a slash at its end; raises BadInput."""
    url = server.url.rstrip("/")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadInput(f"{server.url!r} is no address ({error})") from error
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise BadInput(f"{server.url!r} is no address such as http://prometheus.monitoring:9090")
    if parts.username or parts.password:
        raise BadInput("an address with a password in it ends up in logs; use a token file")
    if server.token_file and parts.scheme == "http" and host not in _LOOPBACK:
        raise BadInput(f"{url}: the token would travel in the clear; use https")
    if server.tls_folder and parts.scheme == "http":
        raise BadInput(f"{url}: certificates are of use with https only")
    return url


def _read_token(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_TOKEN_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path}: the token cannot be read ({error.strerror})") from error
    token = text.strip()
    if not token or len(text) > LARGEST_TOKEN_BYTES or not all(33 <= byte < 127 for byte in token):
        raise BadInput(f"{path}: no token in it: one line of visible ASCII letters is wanted")
    return token.decode("ascii")


def _why(error: Exception) -> str:
    """The innermost reason, on one line."""
    reason: BaseException = error
    while reason.__cause__ or reason.__context__:
        reason = reason.__cause__ or reason.__context__ or reason
    return " ".join(str(reason).split())[:200] or type(reason).__name__


def _advice(status: int) -> str:
    return "; give a valid --token-file" if status in (401, 403) else ""
