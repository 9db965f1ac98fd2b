"""Consistent reads of the few things that a move is decided upon, straight from the API server.

A watch's copy may be behind; these reads never are, which is what a move needs after a crash and
before an eviction. Absence is a value: None, not an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from shorthaul.kube import endpoints
from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import Endpoint
from shorthaul.kube.failures import NotFound
from shorthaul.kube.lists import read_all
from shorthaul.units import Namespace, NodeName, PodRef, Uid, WorkloadRef

PAUSE = "shorthaul.dev/pause"
HASH_LABEL = "pod-template-hash"
REPLICA_SET = "ReplicaSet"
DEPLOYMENT = "Deployment"

_WORKLOADS: Mapping[str, Endpoint] = {
    endpoint.kind: endpoint
    for endpoint in (endpoints.DEPLOYMENTS, endpoints.STATEFUL_SETS, endpoints.REPLICA_SETS)
}


@dataclass(frozen=True, slots=True)
class SeenPod:
    """A pod as a consistent read shows it."""

    name: str
    uid: Uid
    resource_version: str
    node: NodeName | None
    ready: bool
    terminating: bool
    finished: bool = False


@dataclass(frozen=True, slots=True)
class SeenNode:
    """Whether a node can take pods at all."""

    ready: bool
    unschedulable: bool
    terminating: bool


class _Owner(msgspec.Struct):
    kind: str = ""
    name: str = ""
    controller: bool = False


class _Metadata(msgspec.Struct, rename="camel"):
    name: str = ""
    uid: str = ""
    resource_version: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[_Owner] | None = None


class _Condition(msgspec.Struct):
    type: str = ""
    status: str = ""


class _Spec(msgspec.Struct, rename="camel"):
    node_name: str | None = None
    unschedulable: bool = False
    selector: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class _State(msgspec.Struct, rename="camel"):
    phase: str = ""
    conditions: list[_Condition] | None = None
    disrupted_pods: dict[str, str] | None = None


class _Object(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _State = msgspec.field(default_factory=_State)


class _Expression(msgspec.Struct):
    key: str
    operator: str
    values: list[str] | None = None


class _Selector(msgspec.Struct, rename="camel"):
    match_labels: dict[str, str] | None = None
    match_expressions: list[_Expression] | None = None


_OBJECT = msgspec.json.Decoder(_Object)
_SELECTOR = msgspec.json.Decoder(_Selector)


async def pod(connection: Connection, ref: PodRef) -> SeenPod | None:
    """One pod now."""
    found = await _read(connection, endpoints.PODS, ref.namespace, ref.name)
    return None if found is None else _as_pod(found)


async def node(connection: Connection, name: NodeName) -> SeenNode | None:
    """One node now."""
    found = await _read(connection, endpoints.NODES, "", name)
    if found is None:
        return None
    return SeenNode(_is_ready(found), found.spec.unschedulable, _is_terminating(found))


async def pause(connection: Connection, namespace: Namespace) -> str | None:
    """The value of the kill switch on the operator's own namespace, None when it is not set."""
    found = await _read(connection, endpoints.NAMESPACES, "", namespace)
    return None if found is None else (found.metadata.annotations or {}).get(PAUSE)


async def holding_budgets(connection: Connection, ref: PodRef) -> tuple[str, ...]:
    """The budgets that still count the pod as being evicted, by name."""
    found = await read_all(connection, endpoints.BUDGETS, _OBJECT.decode, namespace=ref.namespace)
    return tuple(
        sorted(
            name
            for (_, name), budget in found.items.items()
            if ref.name in (budget.status.disrupted_pods or {})
        )
    )


async def replicas(connection: Connection, workload: WorkloadRef) -> tuple[SeenPod, ...] | None:
    """All pods that a workload owns now, by name; None when the workload is gone."""
    selector = ""
    endpoint = _WORKLOADS.get(workload.kind)
    if endpoint is not None:
        found = await _read(connection, endpoint, workload.namespace, workload.name)
        if found is None or _is_terminating(found):
            return None
        selector = _as_text(found.spec.selector)
    listed = await read_all(
        connection,
        endpoints.PODS,
        _OBJECT.decode,
        namespace=workload.namespace,
        selector=selector,
    )
    owned = (item for item in listed.items.values() if _is_owned(item.metadata, workload))
    return tuple(sorted(map(_as_pod, owned), key=lambda seen: seen.name))


async def _read(
    connection: Connection, endpoint: Endpoint, namespace: str, name: str
) -> _Object | None:
    try:
        return _OBJECT.decode(await connection.get(endpoint.path(namespace, name)))
    except NotFound:
        return None


def _as_pod(found: _Object) -> SeenPod:
    about = found.metadata
    return SeenPod(
        name=about.name,
        uid=Uid(about.uid),
        resource_version=about.resource_version,
        node=NodeName(found.spec.node_name) if found.spec.node_name else None,
        ready=_is_ready(found),
        terminating=_is_terminating(found),
        finished=found.status.phase in ("Succeeded", "Failed"),
    )


def _is_ready(found: _Object) -> bool:
    conditions = found.status.conditions or ()
    return any(item.type == "Ready" and item.status == "True" for item in conditions)


def _is_terminating(found: _Object) -> bool:
    return found.metadata.deletion_timestamp is not None


def _is_owned(about: _Metadata, workload: WorkloadRef) -> bool:
    """A Deployment owns pods by a ReplicaSet that is named after it and the template's hash."""
    owner = next((item for item in about.owner_references or () if item.controller), None)
    if owner is None:
        return False
    if workload.kind == DEPLOYMENT and owner.kind == REPLICA_SET:
        template = (about.labels or {}).get(HASH_LABEL, "")
        return bool(template) and owner.name == f"{workload.name}-{template}"
    return owner.kind == workload.kind and owner.name == workload.name


def _as_text(raw: msgspec.Raw) -> str:
    """A workload's selector as the query parameter of a list."""
    if not bytes(raw):
        return ""
    selector = _SELECTOR.decode(raw)
    parts = [f"{key}={value}" for key, value in sorted((selector.match_labels or {}).items())]
    for item in selector.match_expressions or ():
        values = ",".join(item.values or ())
        match item.operator:
            case "In":
                parts.append(f"{item.key} in ({values})")
            case "NotIn":
                parts.append(f"{item.key} notin ({values})")
            case "Exists":
                parts.append(item.key)
            case "DoesNotExist":
                parts.append(f"!{item.key}")
    return ",".join(parts)
