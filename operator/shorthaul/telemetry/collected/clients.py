"""Asks collectors for their windows over HTTP: bounded in time and size, nothing is kept.

Each address of a host's name is a collector of its own. It blocks: callers run it in a thread.
"""

import contextlib
import http.client
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry.tls_folders import files_in

MOST_COLLECTORS = 64
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
LISTING_BYTES = 16 << 20
WINDOW_BYTES = 64 << 20
_PIECE_BYTES = 1 << 18
_SLOW_BYTES = 1 << 14
"""What is read at once, and may be under way, where a window is read slowly."""
_OPTION = "collector.tls.folder"

_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where collectors are; without a folder in the clear."""

    host: str
    port: int
    tls_folder: str = ""
    server_name: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Listed(msgspec.Struct, frozen=True):
    """A window as a collector lists it."""

    start_ms: _Count
    end_ms: _Count
    records: _Count
    lost: _Count = 0
    undecodable: _Count = 0
    complete: bool = False


class Listing(msgspec.Struct, frozen=True):
    """What a collector says of itself.

    Where windows tell exporters' numbers, these say what was lost, together with all other
    collectors'; one collector alone does not know what came to another.
    """

    collector: Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z._-]{1,64}$")]
    window_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)]
    windows: tuple[Listed, ...]
    numbers: bool = False


class NoAnswer(BadInput):
    """A collector could not be asked, or answered nonsense."""


class WindowGone(NoAnswer):
    """The window is not there any more."""


def resolve(place: Place) -> tuple[str, ...]:
    """The addresses behind a name, sorted; raises NoAnswer."""
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise NoAnswer(f"{place}: cannot be resolved ({error})") from error
    addresses = sorted({str(each[4][0]) for each in found})
    if len(addresses) > MOST_COLLECTORS:
        raise NoAnswer(f"{place}: {len(addresses)} addresses, at most {MOST_COLLECTORS} are read")
    return tuple(addresses)


def listing_of(place: Place, address: str) -> Listing:
    """What one collector has; raises NoAnswer."""
    body = _get(place, address, "/windows", LISTING_BYTES)
    try:
        found = msgspec.json.decode(body, type=Listing)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoAnswer(f"collector {address} of {place}: no list of windows ({error})") from error
    windows = sorted(found.windows, key=lambda window: window.start_ms)
    for before, after in itertools.pairwise(windows):
        if after.start_ms < before.end_ms:
            raise NoAnswer(f"collector {address} of {place}: windows that overlap")
    if any(window.end_ms <= window.start_ms for window in windows):
        raise NoAnswer(f"collector {address} of {place}: a window that ends before it begins")
    if found.numbers:
        windows = [msgspec.structs.replace(window, lost=0) for window in windows]
    return msgspec.structs.replace(found, windows=tuple(windows))


def window_of(place: Place, address: str, start: int, seconds: float = 0.0) -> bytes:
    """One window's compressed lines; raises NoAnswer, WindowGone if it has gone.

    Large ones are read over so many seconds, and little of them is under way at once.
    """
    return _get(place, address, f"/windows/{start}", WINDOW_BYTES, seconds)


def _get(place: Place, address: str, path: str, most_bytes: int, seconds: float = 0.0) -> bytes:
    where = f"collector {address} of {place}"
    try:
        raw = _opened(address, place.port, slowly=seconds > 0)
        with contextlib.closing(_connected(place, raw)) as connection, _in_time(connection, where):
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            connection.request("GET", path)
            answer = connection.getresponse()
            body = _body(answer, most_bytes, where, seconds)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoAnswer(f"{where}: GET {path}: {error or type(error).__name__}") from error
    if answer.status == 404:
        raise WindowGone(f"{where}: GET {path}: it is not there")
    if answer.status != 200:
        raise NoAnswer(f"{where}: GET {path}: status {answer.status}")
    return body


def _opened(address: str, port: int, *, slowly: bool) -> socket.socket:
    """A connection; how much may be under way has to be known before it is made."""
    if not slowly:
        return socket.create_connection((address, port), CONNECT_SECONDS)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    raw = socket.socket(family, socket.SOCK_STREAM)
    try:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SLOW_BYTES)
        raw.settimeout(CONNECT_SECONDS)
        raw.connect((address, port))
    except BaseException:
        raw.close()
        raise
    return raw


def _connected(place: Place, raw: socket.socket) -> http.client.HTTPConnection:
    """Over a socket that is open; hands have not been shaken yet."""
    try:
        connection = http.client.HTTPConnection(place.host, place.port, timeout=CONNECT_SECONDS)
        context, connection.sock = _context(place), raw
        if context:
            connection.sock = context.wrap_socket(
                raw,
                server_hostname=place.server_name or place.host,
                do_handshake_on_connect=False,
            )
    except BaseException:
        raw.close()
        raise
    return connection


@contextlib.contextmanager
def _in_time(connection: http.client.HTTPConnection, where: str) -> Iterator[None]:
    """Ends an exchange that lasts for too long, whatever it is at; raises NoAnswer then."""
    over, used = threading.Event(), connection.sock

    def end() -> None:
        over.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(used, socket.SHUT_RDWR)

    timer = threading.Timer(ANSWER_SECONDS, end)
    timer.daemon = True
    timer.start()
    late = NoAnswer(f"{where}: took longer than {ANSWER_SECONDS:.0f} s")
    try:
        yield
    except (OSError, ValueError, http.client.HTTPException, NoAnswer) as error:
        if over.is_set():
            raise late from error
        raise
    finally:
        timer.cancel()
    if over.is_set():
        raise late


def _context(place: Place) -> ssl.SSLContext | None:
    """Read anew for each connection, so that renewed certificates are taken up."""
    if not place.tls_folder:
        return None
    files = files_in(place.tls_folder, _OPTION)
    context = ssl.create_default_context(cafile=str(files.authority))
    if files.pair is not None:
        context.load_cert_chain(*map(str, files.pair))
    return context


def _body(
    answer: http.client.HTTPResponse, most_bytes: int, where: str, seconds: float = 0.0
) -> bytes:
    found, whole = bytearray(), answer.length or 0
    pause = seconds / whole if whole > _SLOW_BYTES else 0.0
    while piece := answer.read1(_SLOW_BYTES if pause else _PIECE_BYTES):
        found += piece
        time.sleep(pause * len(piece))
        if len(found) > most_bytes:
            raise NoAnswer(f"{where}: more than {most_bytes:,} bytes; give shorter windows")
    if answer.length:
        raise NoAnswer(f"{where}: ended {answer.length:,} bytes early")
    return bytes(found)
