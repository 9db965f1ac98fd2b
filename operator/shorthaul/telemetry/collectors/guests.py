"""Who is connected to this collector, and by which certificates: those of before have to go.

Who connected begins anew by itself where its own files change too, mostly at the same time: then
nothing is interrupted. Who has not after a while is bidden farewell, and comes back by what both
ends have now, if it can; who stays is cut off.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from shorthaul.telemetry.collectors.frames import Kind, frame
from shorthaul.telemetry.collectors.peer_certificates import PeerContexts

FAREWELL_SECONDS = 3.0
"""For what is under way when someone is bidden farewell."""


@dataclass(slots=True)
class _Guest:
    """By which certificates it came, None in the clear, and since when they are none of ours."""

    contexts: PeerContexts | None
    outdated_since: float | None = None
    bidden: bool = False


class Guests:
    """All of them, by what is written to each."""

    def __init__(self, renew_seconds: float) -> None:
        self._renew_seconds = renew_seconds
        self._known: dict[asyncio.StreamWriter, _Guest] = {}

    def __iter__(self) -> Iterator[asyncio.StreamWriter]:
        return iter(tuple(self._known))

    def __len__(self) -> int:
        return len(self._known)

    def add(self, writer: asyncio.StreamWriter, contexts: PeerContexts | None) -> None:
        """Takes one in."""
        self._known[writer] = _Guest(contexts)

    def discard(self, writer: asyncio.StreamWriter) -> None:
        """Forgets one that has gone."""
        self._known.pop(writer, None)

    def renew(self, contexts: PeerContexts, now_seconds: float) -> None:
        """Ends those that came by other certificates than ours are, when it is time."""
        for writer, guest in tuple(self._known.items()):
            if guest.contexts is contexts:
                continue
            if guest.outdated_since is None:
                guest.outdated_since = now_seconds
            for_seconds = now_seconds - guest.outdated_since
            if for_seconds >= self._renew_seconds and not guest.bidden:
                guest.bidden = True
                writer.write(frame(Kind.BYE))
            if for_seconds >= self._renew_seconds + FAREWELL_SECONDS:
                writer.transport.abort()
