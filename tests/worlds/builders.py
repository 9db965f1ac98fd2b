"""Small builders of snapshots for all tests: say what matters, get the rest as a cluster has it.

`cluster(nodes…, pods…)` puts nodes, pods and other objects together; workloads are derived from the
pods unless given. A pod is `pod("shop/cart-1", on="n1")`, of Deployment shop/cart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from shorthaul.cluster import snapshots
from shorthaul.cluster.resources import PODS, Resources, parse_quantity
from shorthaul.cluster.selectors import NodeTerm, Requirement, Selector
from shorthaul.units import Namespace, NodeName, PodRef, ResourceName, Uid, WorkloadRef

HOST = "kubernetes.io/hostname"
RACK = "topology.shorthaul.dev/rack"
ZONE = "topology.kubernetes.io/zone"
REGION = "topology.kubernetes.io/region"


def amounts(**quantities: str | int) -> Resources:
    """Resources by quantity: amounts(cpu="500m"); "__" stands for "/" and "_" for "-"."""
    return Resources(
        {
            name: parse_quantity(str(value), name)
            for key, value in quantities.items()
            for name in [ResourceName(key.replace("__", "/").replace("_", "-"))]
        }
    )


def node(
    name: str, zone: str = "", rack: str = "", *, cpu: str = "4", **more: Any
) -> snapshots.Node:
    """A ready node; `labels` are added to host name, zone, rack and region."""
    labels = {
        HOST: name,
        **({ZONE: zone, REGION: "r1"} if zone else {}),
        **({RACK: rack} if rack else {}),
    }
    labels |= more.pop("labels", {})
    room = more.pop("allocatable", amounts(cpu=cpu, memory="16Gi", pods=110))
    return snapshots.Node(NodeName(name), labels=labels, allocatable=room, **more)


def nodes(
    count: int, zones: int = 1, racks: int = 1, *, cpu: str = "4"
) -> tuple[snapshots.Node, ...]:
    """Nodes n1…, dealt in turn to zones z1… and to racks within them."""
    return tuple(
        node(
            f"n{i + 1}", f"z{i % zones + 1}", f"z{i % zones + 1}-r{i // zones % racks + 1}", cpu=cpu
        )
        for i in range(count)
    )


def reference(text: str) -> PodRef:
    """A pod by "namespace/name"; the namespace is shop when there is none."""
    namespace, _, name = text.rpartition("/")
    return PodRef(Namespace(namespace or "shop"), name)


def workload_reference(text: str, kind: str = "Deployment") -> WorkloadRef:
    """A workload by "namespace/name"."""
    ref = reference(text)
    return WorkloadRef(ref.namespace, kind, ref.name)


def pod(
    text: str, on: str | None = None, *, kind: str = "Deployment", **more: Any
) -> snapshots.Pod:
    """A running, ready pod of the workload that its name without the last part tells."""
    ref = reference(text)
    name = more.pop("of", ref.name.rpartition("-")[0] or ref.name)
    asked = more.pop("requests", None) or amounts(cpu=more.pop("cpu", "100m"), memory="128Mi")
    direct = ("ReplicaSet", f"{name}-abc12") if kind == "Deployment" else (kind, name)
    given: dict[str, Any] = {
        "uid": Uid(f"uid-{ref}"),
        "workload": WorkloadRef(ref.namespace, kind, name),
        "node": NodeName(on) if on else None,
        "resource_version": "1",
        "owner_kind": direct[0],
        "owner_name": direct[1],
        "owner_uid": f"uid-{direct[1]}",
        "labels": {"app": name},
        "phase": "Running" if on else "Pending",
        "ready": on is not None,
        "requests": asked.plus(Resources({PODS: 1})),
    }
    return snapshots.Pod(ref, **(given | more))


def replicas(text: str, *places: str, **more: Any) -> tuple[snapshots.Pod, ...]:
    """Pods text-0, text-1, … of one workload, one on each node named."""
    return tuple(pod(f"{text}-{i}", on, **more) for i, on in enumerate(places))


def cluster(*parts: Any, **more: Any) -> snapshots.Snapshot:
    """A snapshot of nodes, pods and other objects, in any order and nested as the builders give."""
    flat = list(_flat(parts))
    found = _of(flat, snapshots.Pod)
    given = {one.ref: one for one in _of(flat, snapshots.Workload)}
    claims = {PodRef(c.namespace, c.name): c for c in _of(flat, snapshots.Claim)}
    names = sorted({one.ref.namespace for one in found})
    snapshot = snapshots.Snapshot(
        nodes={one.name: one for one in sorted(_of(flat, snapshots.Node), key=lambda n: n.name)},
        pods={one.ref: one for one in sorted(found, key=lambda p: p.ref)},
        workloads=dict(sorted({**_workloads(found), **given}.items())),
        services=tuple(_of(flat, snapshots.Service)),
        endpoints=tuple(_of(flat, snapshots.Endpoint)),
        budgets=tuple(_of(flat, snapshots.Budget)),
        quotas=tuple(_of(flat, snapshots.Quota)),
        claims=claims,
        volumes={one.name: one for one in _of(flat, snapshots.PersistentVolume)},
        storage_classes={one.name: one for one in _of(flat, snapshots.StorageClass)},
        namespaces={name: {"kubernetes.io/metadata.name": name} for name in names},
    )
    return replace(snapshot, **more)


def selector(**labels: str) -> Selector:
    """A selector of labels; selector() matches everything."""
    return Selector(tuple(sorted(labels.items())))


def node_term(key: str, operator: str, *values: str) -> NodeTerm:
    """A node selector term of one expression."""
    return NodeTerm((Requirement(key, operator, values),))


def apart(key: str = HOST, namespace: str = "shop", **labels: str) -> snapshots.AffinityTerm:
    """A required (anti-)affinity term towards pods with labels, in one namespace."""
    return snapshots.AffinityTerm(key, selector(**labels), (Namespace(namespace),))


together = apart


def spread(key: str, skew: int = 1, **more: Any) -> snapshots.SpreadConstraint:
    """A DoNotSchedule spread constraint over pods with app=<app>."""
    app = more.pop("app")
    return snapshots.SpreadConstraint(key, skew, selector(app=app), **more)


def budget(name: str, allowed: int | None = 1, **more: Any) -> snapshots.Budget:
    """A budget in namespace shop over pods with app=<name>."""
    given = {"selector": selector(app=name), "disruptions_allowed": allowed}
    return snapshots.Budget(Namespace("shop"), name, **(given | more))


def claim(
    name: str, volume: str = "", modes: tuple[str, ...] = ("ReadWriteOnce",), **more: Any
) -> snapshots.Claim:
    """A claim in namespace shop, bound when it names a volume."""
    return snapshots.Claim(Namespace("shop"), name, volume, access_modes=modes, **more)


def claimed(name: str) -> snapshots.Volume:
    """A pod's volume of that claim."""
    return snapshots.Volume(name, "persistentVolumeClaim", name)


def _flat(parts: Iterable[Any]) -> Iterable[Any]:
    for part in parts:
        if isinstance(part, (tuple, list)):
            yield from _flat(part)
        else:
            yield part


def _of(parts: Iterable[Any], kind: type) -> list[Any]:
    return [part for part in parts if isinstance(part, kind)]


def _workloads(pods: Iterable[snapshots.Pod]) -> Mapping[WorkloadRef, snapshots.Workload]:
    counts: dict[WorkloadRef, int] = {}
    for one in pods:
        if one.active:
            counts[one.workload] = counts.get(one.workload, 0) + 1
    return {ref: snapshots.Workload(ref, replicas=count) for ref, count in counts.items()}
