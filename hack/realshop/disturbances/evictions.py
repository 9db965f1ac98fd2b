"""Evictions as the API server marks them on the pods, whoever asked for them.

Nothing of Shorthaul is asked: a pod that goes by the Eviction API carries a condition that says so,
with the time, for as long as it drains, which the shop's pods do for four seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from realnodes import clusters
from realshop import followings, manifests
from testbed import connections

PERIOD_SECONDS = 0.5
CONDITION, REASON = "DisruptionTarget", "EvictionByEvictionAPI"
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Eviction:
    """One pod that was evicted, at a time to the second."""

    uid: str
    namespace: str
    workload: str
    node: str
    seconds: float


def of(pods: Iterable[Object]) -> list[Eviction]:
    """Return the evictions that pods tell of."""
    return [found for pod in pods if (found := _of(pod)) is not None]


def double(seen: Iterable[Eviction], moves: Iterable[Object]) -> list[str]:
    """Return the uids that were evicted without a move of their own, or that two moves evicted."""
    told = [move["spec"]["pod"]["uid"] for move in moves if was_evicted(move)]
    twice = {uid for uid in told if told.count(uid) > 1}
    return sorted(twice | ({one.uid for one in seen} - set(told)))


def was_evicted(move: Object) -> bool:
    """Tell whether a PodMove says that its pod was evicted."""
    return any(one["phase"] == "Evicted" for one in transitions(move))


def transitions(move: Object) -> Sequence[Object]:
    """Return the phases that a PodMove went through."""
    found: Sequence[Object] = (move.get("status") or {}).get("transitions", ())
    return found


class Evictions(followings.Following):
    """Follows all pods in a thread of its own; what was evicted once stays known."""

    period_seconds = PERIOD_SECONDS

    def __init__(self, cluster: clusters.Cluster) -> None:
        """Take what to follow; nothing is asked yet."""
        super().__init__(cluster)
        self._found: dict[str, Eviction] = {}
        self._lock = threading.Lock()

    def since(self, seconds: float) -> list[Eviction]:
        """Return those from a moment on, by time; times are whole seconds, so its own counts."""
        with self._lock:
            found = [one for one in self._found.values() if one.seconds >= int(seconds)]
        return sorted(found, key=lambda one: (one.seconds, one.uid))

    def _look(self) -> None:
        try:
            found = of(self._cluster.client.list("pods"))
        except (connections.ApiError, connections.Unreachable, OSError):
            return
        with self._lock:
            for one in found:
                self._found.setdefault(one.uid, one)


def _of(pod: Object) -> Eviction | None:
    for one in pod.get("status", {}).get("conditions", ()):
        if one["type"] == CONDITION and one.get("reason") == REASON and one["status"] == "True":
            metadata = pod["metadata"]
            return Eviction(
                uid=metadata["uid"],
                namespace=metadata["namespace"],
                workload=metadata.get("labels", {}).get(manifests.LABEL, metadata["name"]),
                node=pod["spec"].get("nodeName", ""),
                seconds=moment(one["lastTransitionTime"]),
            )
    return None


def moment(text: str) -> float:
    """Return a time of the API server as seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()
