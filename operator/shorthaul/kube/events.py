"""Tells people what happened to their objects, as Kubernetes Events, without flooding them.

The same event about the same object is told once per `quiet_seconds`. Telling is never worth
failing for: an event that cannot be written is counted in the log and forgotten.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import EVENTS
from shorthaul.kube.failures import NotFound, RequestFailed

QUIET_SECONDS = 300.0
LONGEST_NOTE = 1024
LARGEST_MEMORY = 10_000
CLUSTER_NAMESPACE = "default"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Regarding:
    """The object that an event is about; its namespace is "" when it has none."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened: `reason` and `action` are CamelCase and stable, `note` is for people."""

    regarding: Regarding
    reason: str
    action: str
    note: str
    warning: bool = False


class Teller:
    """Writes events as one reporting instance and remembers what it told lately."""

    def __init__(
        self,
        connection: Connection,
        instance: str,
        *,
        quiet_seconds: float = QUIET_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Store who tells; nothing is written before `tell`."""
        self._connection = connection
        self._instance = instance
        self._quiet_seconds = quiet_seconds
        self._clock = clock
        self._told: dict[Happening, float] = {}

    async def tell(self, happening: Happening) -> None:
        """Writes an event unless the same was told lately."""
        now = self._clock()
        told_at = self._told.get(happening)
        if told_at is not None and now - told_at < self._quiet_seconds:
            return
        if len(self._told) >= LARGEST_MEMORY:
            self._told.clear()
        self._told[happening] = now
        namespace = happening.regarding.namespace or CLUSTER_NAMESPACE
        try:
            await self._connection.post(EVENTS.path(namespace), self._body(happening, namespace))
        except NotFound:
            return
        except RequestFailed as failure:
            _LOG.warning("cannot tell %s: %s", happening.reason, failure)

    def _body(self, happening: Happening, namespace: str) -> dict[str, Any]:
        about = happening.regarding
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        distinct = f"{about}{happening.reason}{happening.note}{moment}{self._instance}"
        name = f"{about.name[:200]}.{hashlib.sha256(distinct.encode()).hexdigest()[:16]}"
        return {
            "apiVersion": EVENTS.api_version,
            "kind": EVENTS.kind,
            "metadata": {"name": name, "namespace": namespace},
            "eventTime": moment,
            "reportingController": "shorthaul.dev/operator",
            "reportingInstance": self._instance[:128],
            "action": happening.action[:128],
            "reason": happening.reason[:128],
            "type": "Warning" if happening.warning else "Normal",
            "note": happening.note[:LONGEST_NOTE],
            "regarding": {
                "apiVersion": about.api_version,
                "kind": about.kind,
                "namespace": about.namespace,
                "name": about.name,
                "uid": about.uid,
            },
        }
