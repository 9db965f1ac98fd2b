"""The latest state of our own kinds, as kopf's handlers and our own writes report it.

Events arrive late and out of order with our writes, so an object never goes back to an older
resourceVersion. What cannot be decoded is kept aside by name and error: the log tells it once, and
it is not used.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from shorthaul.api import v1alpha1
from shorthaul.api.affinitypolicies import AffinityPolicy
from shorthaul.api.flowsources import FlowSource
from shorthaul.api.placementhints import PlacementHint
from shorthaul.api.placementplans import PlacementPlan
from shorthaul.api.podmoves import PodMove
from shorthaul.api.topologies import Topology

_LOG = logging.getLogger(__name__)
T = TypeVar("T")
Key = tuple[str, str]
TYPES: Mapping[str, type[Any]] = {kind.name: kind.type for kind in v1alpha1.KINDS}


class Board:
    """Our own objects by kind, namespace and name."""

    def __init__(self) -> None:
        """Start empty."""
        self._objects: dict[str, dict[Key, Any]] = {kind: {} for kind in TYPES}
        self._unreadable: dict[tuple[str, Key], str] = {}

    def note(self, kind: str, event: str | None, raw: Mapping[str, Any]) -> None:
        """Takes in one watch event; `event` is None for the initial listing."""
        metadata = raw.get("metadata", {})
        key = (metadata.get("namespace", ""), metadata.get("name", ""))
        if event == "DELETED":
            self._objects[kind].pop(key, None)
            self._unreadable.pop((kind, key), None)
            return
        try:
            found = msgspec.convert(dict(raw), TYPES[kind], strict=False)
        except msgspec.ValidationError as error:
            self._objects[kind].pop(key, None)
            self._tell_unreadable(kind, key, str(error))
            return
        self._unreadable.pop((kind, key), None)
        self._put(kind, key, found)

    def replace_all(self, kind: str, bodies: Iterable[bytes], version: str) -> None:
        """Takes in a listing of some version: what is older than it and not in it is gone."""
        found = [msgspec.json.decode(body) for body in bodies]
        names = {(raw["metadata"].get("namespace", ""), raw["metadata"]["name"]) for raw in found}
        for key, known in list(self._objects[kind].items()):
            if key not in names and int(known.metadata.resource_version or 0) <= int(version):
                del self._objects[kind][key]
        for raw in found:
            self.note(kind, None, raw)

    def written(self, kind: str, body: bytes) -> None:
        """Takes in the API server's reply to one of our own writes."""
        self.note(kind, None, msgspec.json.decode(body))

    def put(self, kind: str, found: Any) -> None:
        """Takes in an object that is decoded already."""
        self._put(kind, (found.metadata.namespace, found.metadata.name), found)

    def get(self, kind: type[T], namespace: str, name: str) -> T | None:
        """One object, if it is there."""
        return self._objects[kind.__name__].get((namespace, name))

    def all(self, kind: type[T]) -> tuple[T, ...]:
        """All objects of a kind, sorted by namespace and name."""
        return tuple(found for _, found in sorted(self._objects[kind.__name__].items()))

    @property
    def policies(self) -> tuple[AffinityPolicy, ...]:
        """All AffinityPolicies."""
        return self.all(AffinityPolicy)

    @property
    def sources(self) -> tuple[FlowSource, ...]:
        """All FlowSources."""
        return self.all(FlowSource)

    @property
    def plans(self) -> tuple[PlacementPlan, ...]:
        """All PlacementPlans."""
        return self.all(PlacementPlan)

    @property
    def moves(self) -> tuple[PodMove, ...]:
        """All PodMoves."""
        return self.all(PodMove)

    @property
    def hints(self) -> tuple[PlacementHint, ...]:
        """All PlacementHints."""
        return self.all(PlacementHint)

    @property
    def topology(self) -> Topology | None:
        """The one Topology, if there is one."""
        return next(iter(self.all(Topology)), None)

    @property
    def unreadable(self) -> Mapping[tuple[str, Key], str]:
        """Objects that could not be decoded, with the error."""
        return self._unreadable

    def _tell_unreadable(self, kind: str, key: Key, why: str) -> None:
        if self._unreadable.get((kind, key)) == why:
            return
        self._unreadable[kind, key] = why
        name = "/".join(part for part in key if part)
        _LOG.warning("%s %s cannot be read and is not used until it is mended: %s", kind, name, why)

    def _put(self, kind: str, key: Key, found: Any) -> None:
        known = self._objects[kind].get(key)
        if known is not None and known.metadata.uid == found.metadata.uid:
            old, new = known.metadata.resource_version, found.metadata.resource_version
            if old.isdigit() and new.isdigit() and int(new) < int(old):
                return
        self._objects[kind][key] = found
