"""A live copy of one kind of object, kept by list and watch in a thread of its own.

The player and the witnesses follow the cluster through these, so what they say does not depend on
the operator. A dropped connection or an expired position leads to a new list; until then the copy
is stale, which is what real proxies live with as well. What `trim` turns into None is left out.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from testbed import connections

Object = dict[str, Any]
Key = tuple[str, str]
RETRY_SECONDS = 0.2
WATCH_SECONDS = 240
BROKEN = (
    OSError,
    ValueError,
    http.client.HTTPException,
    connections.ApiError,
    connections.Unreachable,
)


@dataclass(frozen=True, slots=True)
class Change:
    """One object that is there (`found`) or gone (`found` is None)."""

    key: Key
    found: Any


class Mirror:
    """The objects of one collection by (namespace, name); `start` begins to follow."""

    def __init__(
        self,
        endpoint: connections.Endpoint,
        path: str,
        *,
        trim: Callable[[Object], Any] = lambda found: found,
        on_change: Callable[[Change], None] = lambda change: None,
    ) -> None:
        """Take where to read, what to keep of each object, and whom to tell (from the thread)."""
        self._endpoint = endpoint
        self._path = path
        self._trim = trim
        self._on_change = on_change
        self._objects: dict[Key, Any] = {}
        self._lock = threading.Lock()
        self._listed = threading.Event()
        self._stopped = threading.Event()
        self.generation = 0

    def start(self, timeout_seconds: float = 120.0) -> Mirror:
        """Begin to follow and return after the first list."""
        threading.Thread(target=self._follow, name=f"mirror {self._path}", daemon=True).start()
        if not self._listed.wait(timeout_seconds):
            raise connections.Unreachable(f"no list of {self._path} in {timeout_seconds:.0f} s")
        return self

    def stop(self) -> None:
        """Follow no more; the thread ends at its next event or with the process."""
        self._stopped.set()

    def objects(self) -> dict[Key, Any]:
        """Return the present objects as a new dictionary."""
        with self._lock:
            return dict(self._objects)

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                self._watch_from(self._list())
            except BROKEN:
                time.sleep(RETRY_SECONDS)

    def _list(self) -> str:
        answer = self._endpoint.send("GET", self._path)
        trimmed = {_key(one): self._trim(one) for one in answer["items"]}
        found = {key: one for key, one in trimmed.items() if one is not None}
        with self._lock:
            before = self._objects
            self._objects = found
            self.generation += 1
        for key in before.keys() - found.keys():
            self._on_change(Change(key, None))
        for key, one in found.items():
            self._on_change(Change(key, one))
        self._listed.set()
        return str(answer["metadata"]["resourceVersion"])

    def _watch_from(self, version: str) -> None:
        for event in self._events(version):
            if event["type"] == "ERROR" or self._stopped.is_set():
                return
            if event["type"] != "BOOKMARK":
                self._take(event["type"], event["object"])

    def _take(self, kind: str, found: Object) -> None:
        key = _key(found)
        kept = None if kind == "DELETED" else self._trim(found)
        with self._lock:
            if kept is None:
                self._objects.pop(key, None)
            else:
                self._objects[key] = kept
            self.generation += 1
        self._on_change(Change(key, kept))

    def _events(self, version: str) -> Iterator[Object]:
        query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": str(WATCH_SECONDS)}
        connection = _connect(self._endpoint, WATCH_SECONDS + 10)
        try:
            target = f"{self._path}?{urllib.parse.urlencode(query)}"
            connection.request("GET", target, headers=_headers(self._endpoint))
            response = connection.getresponse()
            if response.status != 200:
                raise http.client.HTTPException(f"watch {self._path}: status {response.status}")
            while line := response.readline():
                yield json.loads(line)
        finally:
            connection.close()


def _key(found: Object) -> Key:
    metadata = found["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _headers(endpoint: connections.Endpoint) -> dict[str, str]:
    return {"Authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}


def _connect(endpoint: connections.Endpoint, timeout_seconds: float) -> http.client.HTTPConnection:
    url = urllib.parse.urlsplit(endpoint.server)
    host, port = url.hostname or "", url.port
    if url.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    context = ssl.create_default_context(cadata=endpoint.authority)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the self-signed certificate is terse
    return http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=context)
