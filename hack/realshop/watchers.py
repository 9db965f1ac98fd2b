"""Watches the shop from outside while it runs: its pods' own counts, and how many are ready.

Pods are asked from where the API server is, over the management network, so that watching takes
nothing of the links between racks. A pod that ends tells its last counts while it drains; those
that were not heard then are counted, because what they did last is missing from the sums.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

from realnodes import clusters
from realshop import deployments, manifests, readings, shops, visits
from testbed import connections

PERIOD_SECONDS = 0.5
AT_ONCE = 6
Object = dict[str, Any]


@dataclass(slots=True)
class Seen:
    """What was last heard of one pod."""

    reading: readings.Reading = field(default_factory=readings.Reading)
    ending: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Breach:
    """Fewer ready pods than a service's budget asks for, at one moment."""

    service: str
    ready: int
    wanted: int


class Watcher:
    """Follows the shop in a thread of its own between `start` and `stop`."""

    def __init__(self, cluster: clusters.Cluster, shop: shops.Shop) -> None:
        """Take what to watch; nothing is asked yet."""
        self._cluster = cluster
        self._shop = shop
        self._pods: dict[str, Seen] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.breaches: list[Breach] = []

    def __enter__(self) -> Self:
        """Begin, and return when every pod was heard once."""
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._ending.set()
        self._thread.join()

    def total(self) -> readings.Reading:
        """Return what all pods that there ever were have told."""
        with self._lock:
            return readings.total(seen.reading for seen in self._pods.values())

    def unheard(self) -> int:
        """Return how many pods went without a word while they drained, since the beginning."""
        with self._lock:
            return sum(seen.gone and not seen.ending for seen in self._pods.values())

    def _follow(self) -> None:
        while not self._ending.wait(PERIOD_SECONDS):
            try:
                self._look()
            except (connections.ApiError, connections.Unreachable, OSError):
                continue  # The next look tells more; counts only grow.

    def _look(self) -> None:
        found = deployments.pods(self._cluster)
        self._judge(found)
        running = [pod for pod in found if pod.get("status", {}).get("podIP")]
        with self._lock:
            for pod in running:
                self._pods.setdefault(pod["metadata"]["name"], Seen())
            there = {pod["metadata"]["name"] for pod in found}
            for name, seen in self._pods.items():
                seen.gone = name not in there
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._ask, running))

    def _ask(self, pod: Object) -> None:
        name = pod["metadata"]["name"]
        try:
            text = visits.get(self._cluster, pod, manifests.TELLING_PORT, "/counts")
            told = json.loads(text)
        except (OSError, http.client.HTTPException, ValueError):
            return
        with self._lock:
            seen = self._pods[name]
            seen.reading = readings.read(told)
            seen.ending = bool(told["ending"])

    def _judge(self, found: list[Object]) -> None:
        """Count each time that a budget has fewer ready pods than it asks for."""
        ready = Counter(
            pod["metadata"]["labels"][manifests.LABEL] for pod in found if deployments.is_ready(pod)
        )
        for service in self._shop.services:
            wanted = service.replicas - 1
            if ready[service.name] < wanted:
                self.breaches.append(Breach(service.name, ready[service.name], wanted))
