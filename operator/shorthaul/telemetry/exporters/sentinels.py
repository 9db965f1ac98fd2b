"""Tells whether an exporter still sends, so that one that never will again can be restarted.

NetObserv's agent sends IPFIX by a library that closes its socket when a template cannot be sent,
as happens whenever a collector restarts, and nobody opens another: the agent runs on, and says
nothing more. From outside one thing changes: the kernel has no socket to the collector's port.

Assumes that nobody else on the node's network sends to that port: another one hides what is gone.
A socket that was never seen is not taken for gone, since some networks translate addresses already
when a program connects, and then the kernel knows another port.
"""

import logging
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from shorthaul.errors import BadInput
from shorthaul.telemetry import bounded_servers
from shorthaul.telemetry.bounded_servers import Environment, Start
from shorthaul.telemetry.exporters import sockets

DEFAULT_ADDRESS = "127.0.0.1"
DEFAULT_PORT = 8622
LOOK_SECONDS = 1.0
EARLY_LOOK_SECONDS = 0.2
"""A UDP socket that is refused at once lives for about a second, and has to be seen."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """Whose socket is watched, and where it is told."""

    target_port: int
    transport: sockets.Transport = sockets.Transport.UDP
    address: str = DEFAULT_ADDRESS
    port: int = DEFAULT_PORT


class Sightings:
    """What was seen of the exporter's socket so far; times are from one clock, in seconds."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._last: float | None = None
        self.is_there = False

    @property
    def is_gone(self) -> bool:
        """Whether it was there, and is not any more."""
        return self._last is not None and not self.is_there

    def note(self, seen: bool, now: float) -> None:
        """Takes one look."""
        self.is_there = seen
        if seen:
            self._last = now

    def told(self, now: float) -> tuple[HTTPStatus, str]:
        """What who asks is told."""
        if self._last is None:
            return HTTPStatus.OK, "not seen yet"
        if self.is_there:
            return HTTPStatus.OK, "there"
        return HTTPStatus.SERVICE_UNAVAILABLE, f"gone for {now - self._last:.1f} s"


class Sentinel:
    """Looks at the kernel's list of sockets all the time, and answers over HTTP."""

    def __init__(self, settings: Settings) -> None:
        """Stores what to do; nothing is opened before `run`."""
        self._settings = settings
        self._sightings = Sightings()
        self._stopped = threading.Event()

    def run(self) -> None:
        """Looks until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopped.set())
        given = self._settings
        self._look()
        try:
            bounded_servers.serve(self._answer, given.address, given.port, "answers")
        except OSError as error:
            raise BadInput(
                f"cannot listen on {given.address} port {given.port}: {error.strerror}; give "
                "another --address or --port"
            ) from None
        _LOG.info("watching the socket to %s port %s", given.transport, given.target_port)
        while not self._stopped.wait(self._pause_seconds()):
            self._look()

    def _pause_seconds(self) -> float:
        """Lists of TCP are long on busy nodes, and are not read more often than needed."""
        waiting = not self._sightings.is_there and self._settings.transport is sockets.Transport.UDP
        return EARLY_LOOK_SECONDS if waiting else LOOK_SECONDS

    def _look(self) -> None:
        given = self._settings
        try:
            seen = sockets.senders(given.transport, given.target_port) > 0
        except OSError as error:
            raise BadInput(f"cannot read the kernel's list of sockets: {error}") from None
        was_gone = self._sightings.is_gone
        self._sightings.note(seen, time.monotonic())
        if was_gone != self._sightings.is_gone:
            state = "is there again" if was_gone else "is gone"
            _LOG.warning("the socket to %s port %s %s", given.transport, given.target_port, state)

    def _answer(self, environment: Environment, start: Start) -> Iterable[bytes]:
        given, (status, state) = self._settings, self._sightings.told(time.monotonic())
        start(f"{status.value} {status.phrase}", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"the socket to {given.transport} port {given.target_port}: {state}\n".encode()]
