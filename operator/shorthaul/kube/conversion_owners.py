"""Whose pod is it: from the pod up its controllers to the topmost one that is known.

A ReplicaSet that is not known is cut to its Deployment's name where the pod's template hash says
so (an Argo Rollout's likewise). A node that owns a static pod is no controller.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from shorthaul.cluster import snapshots
from shorthaul.kube import objects
from shorthaul.units import Namespace, PodRef, WorkloadRef

Owners = Mapping[WorkloadRef, WorkloadRef]
_NOBODY = objects.OwnerReference()
_HASH_LABELS = (
    ("pod-template-hash", "Deployment"),
    ("rollouts-pod-template-hash", "Rollout"),
)
_BETWEEN = frozenset({"ReplicaSet", "ReplicationController", "Job"})


def controller_of(metadata: objects.Metadata) -> objects.OwnerReference:
    """The owner that manages an object; one without a name when there is none."""
    for owner in metadata.owner_references or ():
        if owner.controller:
            return owner
    return _NOBODY


def workload_of(
    ref: PodRef, labels: Mapping[str, str], owner: objects.OwnerReference, owners: Owners
) -> WorkloadRef:
    """The topmost known controller; a pod without one is its own workload."""
    if not owner.name or owner.kind == "Node":
        return WorkloadRef(ref.namespace, "Pod", ref.name)
    direct = WorkloadRef(ref.namespace, owner.kind, owner.name)
    return owners.get(direct) or _guessed(direct, labels)


def _guessed(direct: WorkloadRef, labels: Mapping[str, str]) -> WorkloadRef:
    if direct.kind != "ReplicaSet":
        return direct
    for label, kind in _HASH_LABELS:
        ending = "-" + labels.get(label, "")
        if len(ending) > 1 and direct.name.endswith(ending) and direct.name != ending:
            return _known(direct.namespace, kind, direct.name.removesuffix(ending))
    return direct


@lru_cache(maxsize=1 << 15)
def _known(namespace: Namespace, kind: str, name: str) -> WorkloadRef:
    """One object for all pods of a workload."""
    return WorkloadRef(namespace, kind, name)


def owners_among(controllers: Iterable[snapshots.Workload]) -> Owners:
    """For each controller that stands between pods and another controller: the topmost one."""
    return {
        one.ref: WorkloadRef(one.ref.namespace, one.owner_kind, one.owner_name)
        if one.owner_name
        else one.ref
        for one in controllers
        if one.ref.kind in _BETWEEN
    }


def adopted(pod: snapshots.Pod, owners: Owners) -> snapshots.Pod:
    """The pod with the workload that `owners` tell; the same object when nothing changes."""
    owner = objects.OwnerReference(pod.owner_kind, pod.owner_name, pod.owner_uid, True)
    workload = workload_of(pod.ref, pod.labels, owner, owners)
    return pod if workload == pod.workload else replace(pod, workload=workload)


def workloads_among(
    controllers: Iterable[snapshots.Workload], pods: Iterable[snapshots.Pod]
) -> Mapping[WorkloadRef, snapshots.Workload]:
    """All topmost controllers: those that were read, and those that only their parts tell of."""
    known = list(controllers)
    top = {one.ref: one for one in known if not (one.ref.kind in _BETWEEN and one.owner_name)}
    for ref, parts in _parts_of_unknown(known, top).items():
        replicas = sum(part.replicas for part in parts)
        rolling = sum(1 for part in parts if part.replicas) > 1 or any(
            part.rolling_out for part in parts
        )
        top[ref] = snapshots.Workload(ref, replicas=replicas, rolling_out=rolling)
    for ref, count in _counts_of_unknown(pods, top).items():
        top[ref] = snapshots.Workload(ref, replicas=count)
    return {ref: top[ref] for ref in sorted(top)}


def _parts_of_unknown(
    controllers: Iterable[snapshots.Workload], top: Mapping[WorkloadRef, snapshots.Workload]
) -> Mapping[WorkloadRef, list[snapshots.Workload]]:
    parts: dict[WorkloadRef, list[snapshots.Workload]] = {}
    for one in controllers:
        owner = WorkloadRef(one.ref.namespace, one.owner_kind, one.owner_name)
        if one.ref.kind in _BETWEEN and one.owner_name and owner not in top:
            parts.setdefault(owner, []).append(one)
    return parts


def _counts_of_unknown(
    pods: Iterable[snapshots.Pod], top: Mapping[WorkloadRef, snapshots.Workload]
) -> Mapping[WorkloadRef, int]:
    counts: dict[WorkloadRef, int] = {}
    for pod in pods:
        if pod.workload not in top and pod.active:
            counts[pod.workload] = counts.get(pod.workload, 0) + 1
    return counts


def replica_sets_among(controllers: Iterable[snapshots.Workload]) -> Mapping[PodRef, WorkloadRef]:
    """Whose each ReplicaSet is, by namespace and name."""
    owners = owners_among(one for one in controllers if one.ref.kind == "ReplicaSet")
    return {PodRef(ref.namespace, ref.name): owners[ref] for ref in sorted(owners)}


def namespace_of(metadata: objects.Metadata) -> Namespace:
    """An object's namespace; what names none was made for `default`."""
    return Namespace(metadata.namespace or "default")
