"""An independent witness of disruption budgets: what each asks for, and whether it had it.

It counts ready pods itself, at every change of a pod, from what the API server sends, and takes the
wanted replicas from the workloads' own specs. The status of the budgets, which the controller
manager writes and evictions rely on, plays no part.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from demoshop import watches
from testbed import connections

Object = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Budget:
    """A disruption budget with the number of pods that it wants to be ready."""

    namespace: str
    name: str
    labels: tuple[tuple[str, str], ...]
    expected: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Breach:
    """A moment when fewer pods were ready than a budget wants."""

    seconds: float
    budget: Budget
    ready: int


@dataclass(slots=True)
class Witness:
    """Watches the ready pods of each budget from `start` on."""

    budgets: tuple[Budget, ...]
    breaches: list[Breach] = field(default_factory=list)
    lowest: dict[Key, int] = field(default_factory=dict)
    ready: dict[Key, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    settled: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, endpoint: connections.Endpoint) -> watches.Mirror:
        """Begin to watch; the first list is taken as a whole before anything is judged."""
        mirror = watches.Mirror(endpoint, "/api/v1/pods", trim=ready_pod, on_change=self.see)
        mirror.start()
        with self.lock:
            self.settled = True
            self._judge(self.budgets)
        return mirror

    def see(self, change: watches.Change) -> None:
        """Take one change of a pod and judge the budgets of its namespace."""
        with self.lock:
            if change.found is None:
                self.ready.pop(change.key, None)
            else:
                self.ready[change.key] = change.found
            if self.settled:
                self._judge(one for one in self.budgets if one.namespace == change.key[0])

    def _judge(self, concerned: Iterable[Budget]) -> None:
        for budget in concerned:
            count = self._count(budget)
            key = budget.namespace, budget.name
            before = self.lowest.get(key, budget.expected)
            self.lowest[key] = min(before, count)
            if count < budget.wanted:
                self.breaches.append(Breach(self.clock(), budget, count))

    def _count(self, budget: Budget) -> int:
        wanted = set(budget.labels)
        return sum(
            1
            for (namespace, _), labels in self.ready.items()
            if namespace == budget.namespace and wanted <= set(labels)
        )


def ready_pod(found: Object) -> tuple[tuple[str, str], ...] | None:
    """Return the labels of a pod that is ready and not on its way out, else None."""
    conditions = {it["type"]: it["status"] for it in found["status"].get("conditions", ())}
    if found["metadata"].get("deletionTimestamp") or conditions.get("Ready") != "True":
        return None
    return tuple(sorted(found["metadata"].get("labels", {}).items()))


def read(objects: Iterable[Object]) -> tuple[Budget, ...]:
    """Return the budgets among the objects of a shop, with the replicas of what they select."""
    everything = list(objects)
    return tuple(
        _budget(one, everything) for one in everything if one["kind"] == "PodDisruptionBudget"
    )


def _budget(found: Object, objects: Iterable[Object]) -> Budget:
    namespace = found["metadata"]["namespace"]
    labels = tuple(sorted(found["spec"]["selector"]["matchLabels"].items()))
    expected = sum(
        one["spec"]["replicas"]
        for one in objects
        if one["kind"] in ("Deployment", "StatefulSet")
        and one["metadata"]["namespace"] == namespace
        and set(labels) <= set(one["spec"]["template"]["metadata"]["labels"].items())
    )
    wanted = wanted_ready(found["spec"], expected)
    return Budget(namespace, found["metadata"]["name"], labels, expected, wanted)


def wanted_ready(spec: Mapping[str, Any], expected: int) -> int:
    """Return how many pods a budget wants to be ready; percentages are rounded up."""
    if "minAvailable" in spec:
        return _absolute(spec["minAvailable"], expected)
    return max(0, expected - _absolute(spec["maxUnavailable"], expected))


def _absolute(value: int | str, whole: int) -> int:
    if isinstance(value, int):
        return value
    return math.ceil(whole * int(value.rstrip("%")) / 100)
