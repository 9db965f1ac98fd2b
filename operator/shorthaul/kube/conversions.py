"""From raw Kubernetes objects, one by one, to a snapshot of them all.

Two steps, so that a live copy can be kept up to date object by object: a `Reader` per kind turns
one object's bytes into one value (what `Watch` and `read_all` take as `decode`), and `snapshot_of`
puts the values of all kinds together: owner chains, attach limits, order. An object that has a
wrong type or quantity is BadInput naming the object and its field.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec

from shorthaul.cluster import snapshots
from shorthaul.errors import BadInput
from shorthaul.kube import (
    conversion_owners,
    conversion_services,
    conversion_storage,
    objects,
    pod_objects,
)
from shorthaul.kube.conversion_nodes import (
    AttachLimits,
    NamespaceMarks,
    attach_limits_of,
    namespace_of,
    node_of,
)
from shorthaul.kube.conversion_pods import pod_of
from shorthaul.kube.conversion_workloads import workload_of
from shorthaul.units import NodeName, PodRef

R = TypeVar("R", bound=objects.Object)
V = TypeVar("V")
_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reader(Generic[R, V]):
    """How one kind is read: the shape that is decoded, and what is made of it."""

    kind: str
    shape: type[R]
    convert: Callable[[R], V]

    def decode(self, body: bytes | memoryview | msgspec.Raw) -> V:
        """What one object's JSON says; raises BadInput that names object and field."""
        try:
            return self.convert(msgspec.json.decode(body, type=self.shape))
        except msgspec.ValidationError as error:
            raise BadInput(f"{self._name_in(body)} {_explain(error)}") from error
        except UnicodeDecodeError as error:
            raise BadInput(f"{self.kind}: text that is not UTF-8") from error
        except msgspec.DecodeError as error:
            raise BadInput(f"{self.kind}: {error}") from error
        except ValueError as error:
            raise BadInput(f"{self._name_in(body)} {error}") from error

    def adopt(self, plain: object) -> V:
        """The same of an object that was read as plain values (YAML)."""
        try:
            return self.convert(msgspec.convert(plain, type=self.shape))
        except msgspec.ValidationError as error:
            raise BadInput(f"{self._name_of(plain)} {_explain(error)}") from error
        except ValueError as error:
            raise BadInput(f"{self._name_of(plain)} {error}") from error

    def _name_in(self, body: bytes | memoryview | msgspec.Raw) -> str:
        return self._name_of(msgspec.json.decode(body))

    def _name_of(self, plain: object) -> str:
        metadata = plain.get("metadata") if isinstance(plain, dict) else None
        if not isinstance(metadata, dict):
            return self.kind
        names = (metadata.get("namespace"), metadata.get("name"))
        return f"{self.kind} {'/'.join(str(name) for name in names if name)}"


def _explain(error: msgspec.ValidationError) -> str:
    """The library's words in our form: the path first, lower case, without quotes."""
    match = _MESSAGE.fullmatch(str(error))
    what, path = (match["what"], match["path"]) if match else (str(error), "")
    text = what[:1].lower() + what[1:].replace("`", "").replace(" | null", "")
    return f"{path}: {text}" if path else text


PODS = Reader("Pod", pod_objects.Pod, pod_of)
NODES = Reader("Node", objects.Node, node_of)
NAMESPACES = Reader("Namespace", objects.Namespace, namespace_of)
SERVICES = Reader("Service", objects.Service, conversion_services.service_of)
ENDPOINT_SLICES = Reader("EndpointSlice", objects.EndpointSlice, conversion_services.endpoints_of)
BUDGETS = Reader("PodDisruptionBudget", objects.PodDisruptionBudget, conversion_services.budget_of)
CLAIMS = Reader("PersistentVolumeClaim", objects.PersistentVolumeClaim, conversion_storage.claim_of)
VOLUMES = Reader("PersistentVolume", objects.PersistentVolume, conversion_storage.volume_of)
STORAGE_CLASSES = Reader("StorageClass", objects.StorageClass, conversion_storage.storage_class_of)
ATTACH_LIMITS = Reader("CSINode", objects.NodeDrivers, attach_limits_of)
QUOTAS = Reader("ResourceQuota", objects.ResourceQuota, conversion_storage.quota_of)
CONTROLLERS: Mapping[str, Reader[objects.Controller, snapshots.Workload]] = {
    kind: Reader(kind, objects.Controller, partial(workload_of, kind))
    for kind in (
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    )
}

READERS: Mapping[tuple[str, str], Reader[Any, Any]] = {
    ("", "Pod"): PODS,
    ("", "Node"): NODES,
    ("", "Namespace"): NAMESPACES,
    ("", "Service"): SERVICES,
    ("discovery.k8s.io", "EndpointSlice"): ENDPOINT_SLICES,
    ("policy", "PodDisruptionBudget"): BUDGETS,
    ("", "PersistentVolumeClaim"): CLAIMS,
    ("", "PersistentVolume"): VOLUMES,
    ("storage.k8s.io", "StorageClass"): STORAGE_CLASSES,
    ("storage.k8s.io", "CSINode"): ATTACH_LIMITS,
    ("", "ResourceQuota"): QUOTAS,
    ("", "ReplicationController"): CONTROLLERS["ReplicationController"],
    ("batch", "Job"): CONTROLLERS["Job"],
    ("batch", "CronJob"): CONTROLLERS["CronJob"],
    ("apps", "DaemonSet"): CONTROLLERS["DaemonSet"],
    ("apps", "Deployment"): CONTROLLERS["Deployment"],
    ("apps", "ReplicaSet"): CONTROLLERS["ReplicaSet"],
    ("apps", "StatefulSet"): CONTROLLERS["StatefulSet"],
}


@dataclass(frozen=True, slots=True)
class Parts:
    """The values of all kinds, in any order, as the readers made them."""

    nodes: Iterable[snapshots.Node] = ()
    pods: Iterable[snapshots.Pod] = ()
    controllers: Iterable[snapshots.Workload] = ()
    services: Iterable[snapshots.Service] = ()
    endpoints: Iterable[tuple[snapshots.Endpoint, ...]] = ()
    budgets: Iterable[snapshots.Budget] = ()
    claims: Iterable[snapshots.Claim] = ()
    volumes: Iterable[snapshots.PersistentVolume] = ()
    storage_classes: Iterable[snapshots.StorageClass] = ()
    attach_limits: Iterable[AttachLimits] = ()
    quotas: Iterable[snapshots.Quota] = ()
    namespaces: Iterable[NamespaceMarks] = ()
    ignored_kinds: Mapping[str, int] = field(default_factory=dict)


def snapshot_of(parts: Parts, absent_kinds: frozenset[str] = frozenset()) -> snapshots.Snapshot:
    """Everything put together, sorted; owner chains are resolved here."""
    controllers = sorted(parts.controllers, key=lambda one: one.ref)
    owners = conversion_owners.owners_among(controllers)
    pods = sorted(parts.pods, key=lambda pod: pod.ref)
    adopted = {pod.ref: conversion_owners.adopted(pod, owners) for pod in pods}
    marks = sorted(parts.namespaces, key=lambda one: one.name)
    return snapshots.Snapshot(
        nodes=_nodes(parts),
        pods=adopted,
        workloads=conversion_owners.workloads_among(controllers, adopted.values()),
        services=tuple(sorted(parts.services, key=lambda one: (one.namespace, one.name))),
        endpoints=_endpoints(parts.endpoints),
        budgets=tuple(sorted(parts.budgets, key=lambda one: (one.namespace, one.name))),
        claims={
            PodRef(one.namespace, one.name): one
            for one in sorted(parts.claims, key=lambda one: (one.namespace, one.name))
        },
        volumes={one.name: one for one in sorted(parts.volumes, key=lambda one: one.name)},
        storage_classes={
            one.name: one for one in sorted(parts.storage_classes, key=lambda one: one.name)
        },
        quotas=tuple(sorted(parts.quotas, key=lambda one: (one.namespace, one.name))),
        namespaces={one.name: one.labels for one in marks},
        namespace_annotations={one.name: one.annotations for one in marks if one.annotations},
        replica_sets=conversion_owners.replica_sets_among(controllers),
        absent_kinds=absent_kinds,
        ignored_kinds=dict(sorted(parts.ignored_kinds.items())),
    )


def _nodes(parts: Parts) -> Mapping[NodeName, snapshots.Node]:
    limits = {one.node: one.limits for one in parts.attach_limits}
    return {
        node.name: replace(node, attach_limits=limits[node.name]) if node.name in limits else node
        for node in sorted(parts.nodes, key=lambda node: node.name)
    }


def _endpoints(
    slices: Iterable[tuple[snapshots.Endpoint, ...]],
) -> tuple[snapshots.Endpoint, ...]:
    found = (endpoint for part in slices for endpoint in part)
    return tuple(sorted(found, key=lambda one: (one.namespace, one.service, one.addresses)))
