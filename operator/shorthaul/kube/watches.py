"""Keeps an up-to-date copy of one kind: a paged list, then a watch that survives everything.

The copy holds what `decode` makes of an object, never the object. It only ever changes to a state
that the API server had: a resumed watch goes on from the last seen version, and where that is not
possible (410, a line that makes no sense) the kind is listed anew and the copy swapped at once.
A connection on which nothing is heard, not even a bookmark, is taken for dead. A watch that the
server has kept open for as long as was asked for, and ends then, has told all that there was.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import msgspec

from shorthaul.errors import BadInput
from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import Endpoint
from shorthaul.kube.failures import Forbidden, Gone, RequestFailed, TooManyRequests, Unavailable
from shorthaul.kube.lists import Decode, Key, identify, read_all

V = TypeVar("V")
FAILURES_BEFORE_WARNING = 3
SHORTEST_WATCH_SECONDS = 5
EARLY_SECONDS = 0.5
"""How much earlier than asked for a watch may end that the server has ended by itself."""
Changed = Callable[[V | None, V | None], None]
"""Told each change of one object, from and to; None where it is not there."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """Bookmarks come about once a minute, so a longer silence means a dead connection."""

    silence_seconds: float = 90.0
    shortest_watch_seconds: int = 240
    longest_watch_seconds: int = 480
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 30.0

    def told(self, every_seconds: int) -> "WatchSettings":
        """With watches so short that the server is heard that often, whatever happens."""
        seconds = max(SHORTEST_WATCH_SECONDS, every_seconds)
        return replace(self, shortest_watch_seconds=seconds, longest_watch_seconds=seconds)


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Status(msgspec.Struct):
    code: int = 0
    message: str = ""


_EVENT = msgspec.json.Decoder(_Event)
_STATUS = msgspec.json.Decoder(_Status)


class Watch(Generic[V]):
    """The copy of one kind; `run` keeps it and never returns."""

    def __init__(
        self,
        connection: Connection,
        endpoint: Endpoint,
        decode: Decode[V],
        *,
        settings: WatchSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
        changed: Changed[V] | None = None,
    ) -> None:
        """Store what to watch and whom to tell of changes; nothing is read before `run`."""
        self.endpoint = endpoint
        self.synced = asyncio.Event()
        self.failure: RequestFailed | None = None
        self.changes = 0
        self._connection = connection
        self._decode = decode
        self._settings = settings or WatchSettings()
        self._clock = clock
        self._changed = changed
        self._items: dict[Key, V] = {}
        self._version = ""
        self._heard_at = clock()
        self._failed_times = 0

    @property
    def items(self) -> Mapping[Key, V]:
        """What exists, by namespace and name."""
        return self._items

    @property
    def age_seconds(self) -> float:
        """How long ago the server was last heard: an event, a bookmark, or a watch's due end."""
        return self._clock() - self._heard_at

    async def run(self) -> None:
        """Lists and watches for ever; ends only by being cancelled."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._follow()
            except Gone:
                self._version = ""
            except RequestFailed as failure:
                await self._pause_after(failure)

    async def _list(self) -> None:
        listing = await read_all(self._connection, self.endpoint, self._decode)
        before, self._items = self._items, listing.items
        if self._changed is not None:
            for key in before.keys() | self._items.keys():
                self._changed(before.get(key), self._items.get(key))
        self._version = listing.resource_version
        self.changes += 1
        self._heard()
        self.synced.set()

    async def _follow(self) -> None:
        known = self._settings
        seconds = random.randint(known.shortest_watch_seconds, known.longest_watch_seconds)
        parameters = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(seconds),
        }
        stream = self._connection.stream(
            self.endpoint.path(), parameters, silence_seconds=known.silence_seconds
        )
        heard_before, began = self._heard_at, self._clock()
        async with stream as lines:
            async for line in lines:
                self._apply(line)
                self._heard()
        if self._clock() - began >= seconds - EARLY_SECONDS:
            self._heard()  # It was open to the end, and nothing more has changed.
        elif self._heard_at == heard_before:
            raise Unavailable(f"watch {self.endpoint.plural}: ended without an event or bookmark")

    def _apply(self, line: bytes) -> None:
        try:
            event = _EVENT.decode(line)
            if event.type == "ERROR":
                raise _as_failure(_STATUS.decode(event.object))
            self._change(event)
        except (msgspec.MsgspecError, BadInput) as error:
            self._version = ""
            raise Unavailable(f"watch {self.endpoint.plural}: {error}; listing anew") from error

    def _change(self, event: _Event) -> None:
        identity = identify(event.object)
        before = self._items.get(identity.key)
        if event.type == "DELETED":
            self._items.pop(identity.key, None)
        elif event.type != "BOOKMARK":
            self._items[identity.key] = self._decode(bytes(event.object))
        if event.type != "BOOKMARK":
            self.changes += 1
            if self._changed is not None:
                self._changed(before, self._items.get(identity.key))
        self._version = identity.resource_version

    def _heard(self) -> None:
        self._heard_at = self._clock()
        self.failure = None
        self._failed_times = 0

    async def _pause_after(self, failure: RequestFailed) -> None:
        """What may not be read, or not be understood, is not known; what cannot be is only old."""
        if isinstance(failure, Forbidden) or not self._version:
            self.synced.clear()
            self._version = ""
        self.failure = failure
        self._failed_times += 1
        if self._failed_times == FAILURES_BEFORE_WARNING:
            _LOG.warning("cannot watch %s: %s; trying again", self.endpoint.plural, failure)
        known = self._settings
        pause = min(
            known.longest_pause_seconds,
            known.first_pause_seconds * 2.0 ** min(self._failed_times, 16),
        )
        if isinstance(failure, TooManyRequests):
            pause = max(pause, failure.retry_after_seconds)
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))


def _as_failure(status: _Status) -> RequestFailed:
    if status.code == 410:
        return Gone(status.message, status=410)
    return Unavailable(status.message, status=status.code)
