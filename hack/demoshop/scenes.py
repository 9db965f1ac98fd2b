"""What the player sees of the cluster at one moment, as plain values.

Only what decides who sends to whom, and what an observer writes about it, is kept of each object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
Key = tuple[str, str]
ZONE_LABEL = "topology.kubernetes.io/zone"
REGION_LABEL = "topology.kubernetes.io/region"
RACK_LABEL = "topology.shorthaul.dev/rack"
SERVICE_LABEL = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that can talk: placed, with an address, and not on its way out."""

    namespace: str
    name: str
    uid: str
    address: str
    node: str
    workload_kind: str
    workload_name: str
    labels: tuple[tuple[str, str], ...]

    @property
    def workload(self) -> Key:
        """Return the namespace and name of the workload that it is a replica of."""
        return self.namespace, self.workload_name


@dataclass(frozen=True, slots=True)
class Node:
    """Where a node stands."""

    name: str
    zone: str
    rack: str
    region: str
    address: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address behind a Service, with the hints that the control plane gave it."""

    address: str
    node: str
    ready: bool = True
    serving: bool = True
    node_hints: frozenset[str] = frozenset()
    zone_hints: frozenset[str] = frozenset()
    pod_uid: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """What a Service says about routing; a headless one has no address."""

    address: str = ""
    local_only: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything at one moment; endpoints by the Service's namespace and name."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    pods: Mapping[str, Pod] = field(default_factory=dict)
    services: Mapping[Key, Service] = field(default_factory=dict)
    endpoints: Mapping[Key, tuple[Endpoint, ...]] = field(default_factory=dict)

    def replicas(self, workload: Key) -> list[Pod]:
        """Return the pods of a workload, in a fixed order."""
        found = [pod for pod in self.pods.values() if pod.workload == workload]
        return sorted(found, key=lambda pod: pod.name)


def pod(found: Object) -> Pod | None:
    """Return a pod that can talk, or None for one that cannot (yet, or any more)."""
    metadata, status = found["metadata"], found.get("status", {})
    node, address = found["spec"].get("nodeName"), status.get("podIP")
    if not node or not address or status.get("phase") != "Running":
        return None
    if metadata.get("deletionTimestamp"):
        return None
    kind, name = _workload(metadata)
    labels = tuple(sorted(metadata.get("labels", {}).items()))
    return Pod(
        metadata["namespace"], metadata["name"], metadata["uid"], address, node, kind, name, labels
    )


def node(found: Object) -> Node:
    """Return where a node stands; its own address is the second of its pod range."""
    labels = found["metadata"].get("labels", {})
    block = found["spec"].get("podCIDR", "10.127.255.0/24").rpartition(".")[0]
    return Node(
        found["metadata"]["name"],
        labels.get(ZONE_LABEL, ""),
        labels.get(RACK_LABEL, ""),
        labels.get(REGION_LABEL, ""),
        f"{block}.254",
        tuple(sorted(labels.items())),
    )


def service(found: Object) -> Service:
    """Return what a Service says about routing."""
    spec = found["spec"]
    address = spec.get("clusterIP", "")
    return Service(
        "" if address == "None" else address, spec.get("internalTrafficPolicy") == "Local"
    )


def endpoints(found: Object) -> tuple[Key, tuple[Endpoint, ...]]:
    """Return the endpoints of one slice and whose they are."""
    metadata = found["metadata"]
    owner = metadata["namespace"], metadata.get("labels", {}).get(SERVICE_LABEL, "")
    return owner, tuple(
        _endpoint(one, address)
        for one in found.get("endpoints") or ()
        for address in one["addresses"]
    )


def _endpoint(found: Object, address: str) -> Endpoint:
    conditions = found.get("conditions", {})
    hints = found.get("hints") or {}
    return Endpoint(
        address,
        found.get("nodeName", ""),
        conditions.get("ready", True) is not False,
        conditions.get("serving", True) is not False,
        frozenset(hint["name"] for hint in hints.get("forNodes") or ()),
        frozenset(hint["name"] for hint in hints.get("forZones") or ()),
        (found.get("targetRef") or {}).get("uid", ""),
    )


def _workload(metadata: Object) -> tuple[str, str]:
    owner = next(
        (one for one in metadata.get("ownerReferences", ()) if one.get("controller")), None
    )
    if owner is None:
        return "Pod", metadata["name"]
    template = metadata.get("labels", {}).get("pod-template-hash")
    if owner["kind"] == "ReplicaSet" and template:
        return "Deployment", owner["name"].removesuffix(f"-{template}")
    return owner["kind"], owner["name"]
