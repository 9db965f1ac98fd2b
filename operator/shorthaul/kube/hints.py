"""Writes hints for the workloads' next pods.

A hint is an entry of the one PlacementHint of a namespace, which is the parameter of a
MutatingAdmissionPolicy. Entries of other workloads are never touched, and an object without
entries is deleted, because while it exists every pod made in its namespace is looked at.
Whether the API server acts upon hints is proved by `probes`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from shorthaul.api.placementhints import NAME, PlacementHint, WorkloadHint, key
from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import HINTS
from shorthaul.kube.failures import Conflict, NotFound
from shorthaul.kube.lists import read_all
from shorthaul.units import Namespace, WorkloadRef

_HINT = msgspec.json.Decoder(PlacementHint)


class Hints:
    """All hints that this operator gives; `emptied` is how often it has taken all of them away."""

    def __init__(self, connection: Connection) -> None:
        """Store where hints go; nothing is written yet."""
        self._connection = connection
        self.emptied = 0

    async def write(self, workload: WorkloadRef, hint: WorkloadHint) -> None:
        """Sets a workload's hint and leaves those of all other workloads as they are."""
        await self._merge(workload.namespace, {key(workload): hint})

    async def remove(self, workload: WorkloadRef) -> None:
        """Takes a workload's hint away, and the object with the last of its hints."""
        try:
            left = _HINT.decode(await self._patch(workload.namespace, {key(workload): None}))
        except NotFound:
            return
        if not left.spec.workloads:
            await self._delete_unchanged(left)

    async def empty(self) -> int:
        """Deletes every PlacementHint, which stops all mutation, and returns how many."""
        self.emptied += 1
        listed = await read_all(self._connection, HINTS, _HINT.decode)
        for namespace, name in listed.items:
            try:
                await self._connection.delete(HINTS.path(namespace, name))
            except NotFound:
                continue
        return len(listed.items)

    async def prune(self, now: datetime) -> int:
        """Takes away hints that have expired, and objects without any; returns how many went."""
        pruned = 0
        listed = await read_all(self._connection, HINTS, _HINT.decode)
        for (namespace, _), found in listed.items.items():
            entries = found.spec.workloads
            old = [name for name, hint in entries.items() if hint.expires and hint.expires <= now]
            pruned += len(old)
            if len(old) == len(entries):
                await self._delete_unchanged(found)
            elif old:
                await self._patch(namespace, dict.fromkeys(old))
        return pruned

    async def read(self, namespace: Namespace) -> Mapping[str, WorkloadHint]:
        """The hints of a namespace, by key."""
        try:
            body = await self._connection.get(HINTS.path(namespace, NAME))
        except NotFound:
            return {}
        return _HINT.decode(body).spec.workloads

    async def _merge(self, namespace: str, entries: Mapping[str, WorkloadHint]) -> None:
        try:
            await self._patch(namespace, entries)
        except NotFound:
            try:
                await self._connection.post(HINTS.path(namespace), _body(namespace, entries))
            except Conflict:
                await self._patch(namespace, entries)

    async def _patch(self, namespace: str, entries: Mapping[str, WorkloadHint | None]) -> bytes:
        body = {"spec": {"workloads": {name: _entry(hint) for name, hint in entries.items()}}}
        return await self._connection.patch(HINTS.path(namespace, NAME), body)

    async def _delete_unchanged(self, found: PlacementHint) -> None:
        about = found.metadata
        body = {"preconditions": {"uid": about.uid, "resourceVersion": about.resource_version}}
        try:
            await self._connection.delete(HINTS.path(about.namespace, about.name), body)
        except (NotFound, Conflict):
            return


def _body(namespace: str, entries: Mapping[str, WorkloadHint]) -> dict[str, Any]:
    return {
        "apiVersion": HINTS.api_version,
        "kind": HINTS.kind,
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {"workloads": entries},
    }


def _entry(hint: WorkloadHint | None) -> dict[str, Any] | None:
    """An entry in full, so that a merge also clears what the one before had."""
    if hint is None:
        return None
    return {"terms": hint.terms, "plan": hint.plan, "expires": hint.expires}
