"""A raw pod to the pod that placement reasons about.

Of annotations and volumes only those are kept that somebody in `cluster` asks about. What the pods
of one template have in common (labels, requests, tolerations) is one object for all of them: that
is most of the memory of a large cluster.
Lenient where a hand-made file is terse and a real API server never is: a bound pod without a
status runs, a running pod without conditions is ready.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from shorthaul.cluster import snapshots
from shorthaul.cluster.resources import Resources
from shorthaul.cluster.selectors import NodeTerm
from shorthaul.kube import (
    conversion_owners,
    conversion_requests,
    conversion_selectors,
    objects,
    pod_objects,
)
from shorthaul.traffic.addresses import node_ends
from shorthaul.units import Namespace, NodeName, PodRef, ResourceName, Uid

T = TypeVar("T")
SHARED_VALUES = 1 << 15
_EMPTY: Mapping[str, str] = {}
KEPT_ANNOTATIONS = (
    "cluster-autoscaler.kubernetes.io/",
    "descheduler.alpha.kubernetes.io/",
    "karpenter.sh/",
    "kubernetes.io/config.",
    "scheduling.",
    "shorthaul.dev/",
    *node_ends.ANNOTATIONS,
)
_GANG_LABELS = (
    "scheduling.x-k8s.io/pod-group",
    "pod-group.scheduling.sigs.k8s.io",
    "pod-group.scheduling.sigs.k8s.io/name",
    "kueue.x-k8s.io/pod-group-name",
    "leaderworkerset.sigs.k8s.io/group-key",
)
_GANG_ANNOTATIONS = (
    "scheduling.k8s.io/group-name",
    "scheduling.volcano.sh/group-name",
)


def pod_of(raw: pod_objects.Pod, owners: conversion_owners.Owners | None = None) -> snapshots.Pod:
    """One pod; without `owners` its workload is what its own labels and owner tell."""
    metadata, spec = raw.metadata, raw.spec
    namespace = Namespace(metadata.namespace or "default")
    ref = PodRef(namespace, metadata.name)
    labels = shared_mapping(metadata.labels)
    owner = conversion_owners.controller_of(metadata)
    return snapshots.Pod(
        ref=ref,
        uid=Uid(metadata.uid),
        workload=conversion_owners.workload_of(ref, labels, owner, owners or {}),
        node=NodeName(spec.node_name) if spec.node_name else None,
        resource_version=metadata.resource_version,
        owner_kind=owner.kind,
        owner_name=owner.name,
        owner_uid=owner.uid,
        labels=labels,
        annotations=kept_annotations(metadata),
        phase=_phase(raw),
        ready=_is_ready(raw),
        terminating=metadata.deletion_timestamp is not None,
        created_seconds=seconds_of(metadata.creation_timestamp),
        priority=spec.priority or 0,
        priority_class=spec.priority_class_name,
        scheduler=spec.scheduler_name or "default-scheduler",
        requests=_shared_amounts(conversion_requests.requests_of(raw)),
        host_ports=_host_ports(spec),
        host_network=spec.host_network,
        node_selector=shared_mapping(spec.node_selector),
        node_terms=_node_terms(spec.affinity),
        affinity=_shared(_affinity(spec.affinity, namespace, labels)),
        anti_affinity=_shared(_anti_affinity(spec.affinity, namespace, labels)),
        spread=conversion_selectors.spread_of(spec.topology_spread_constraints, labels),
        tolerations=_shared(_tolerations(spec.tolerations)),
        volumes=_volumes(raw),
        resource_claims=tuple(claim.name for claim in spec.resource_claims or ()),
        gates=tuple(gate.name for gate in spec.scheduling_gates or ()),
        group=_group(raw),
        addresses=_addresses(raw.status),
        limits=_shared_amounts(conversion_requests.limits_of(raw)),
        best_effort=conversion_requests.is_best_effort(raw),
        has_deadline=spec.active_deadline_seconds is not None,
        crosses_namespaces=conversion_selectors.crosses_namespaces(spec.affinity),
    )


def kept_annotations(metadata: objects.Metadata) -> Mapping[str, str]:
    """The annotations that somebody asks about."""
    found = metadata.annotations or {}
    return shared_mapping({key: found[key] for key in found if key.startswith(KEPT_ANNOTATIONS)})


def shared_mapping(raw: Mapping[str, str] | None) -> Mapping[str, str]:
    """A mapping that equal ones share; nobody may change it."""
    return _mapping(tuple(raw.items())) if raw else _EMPTY


@lru_cache(maxsize=SHARED_VALUES)
def _mapping(items: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return dict(items)


def _shared_amounts(raw: Resources) -> Resources:
    return _amounts(tuple(raw.amounts.items()))


@lru_cache(maxsize=SHARED_VALUES)
def _amounts(items: tuple[tuple[ResourceName, int], ...]) -> Resources:
    return Resources(dict(items))


def _shared(value: T) -> T:
    """One object for all values that are equal."""
    known: T = _first(value)
    return known


@lru_cache(maxsize=SHARED_VALUES)
def _first(value: Any) -> Any:
    return value


def seconds_of(moment: datetime | None) -> float:
    """Seconds since the epoch; 0 for an unknown moment, which is long ago."""
    return moment.timestamp() if moment is not None else 0.0


def _phase(raw: pod_objects.Pod) -> str:
    if raw.status.phase:
        return raw.status.phase
    return "Running" if raw.spec.node_name else "Pending"


def _is_ready(raw: pod_objects.Pod) -> bool:
    if _phase(raw) != "Running":
        return False
    told = [part.status for part in raw.status.conditions or () if part.type == "Ready"]
    return not told or told[0] == "True"


def _host_ports(spec: pod_objects.PodSpec) -> tuple[snapshots.HostPort, ...]:
    """Ports of containers and sidecars; an ordinary init container's are free again."""
    sidecars = [one for one in spec.init_containers or () if one.restart_policy == "Always"]
    return tuple(
        snapshots.HostPort(port.host_port, port.protocol or "TCP", port.host_ip)
        for container in [*(spec.containers or ()), *sidecars]
        for port in container.ports or ()
        if port.host_port > 0
    )


def _node_terms(raw: pod_objects.Affinity | None) -> tuple[NodeTerm, ...] | None:
    if raw is None or raw.node_affinity is None:
        return None
    return conversion_selectors.node_terms_of(raw.node_affinity.required)


def _affinity(
    raw: pod_objects.Affinity | None, namespace: Namespace, labels: Mapping[str, str]
) -> tuple[snapshots.AffinityTerm, ...]:
    chosen = raw.pod_affinity if raw else None
    return conversion_selectors.affinity_terms_of(chosen, namespace, labels)


def _anti_affinity(
    raw: pod_objects.Affinity | None, namespace: Namespace, labels: Mapping[str, str]
) -> tuple[snapshots.AffinityTerm, ...]:
    chosen = raw.pod_anti_affinity if raw else None
    return conversion_selectors.affinity_terms_of(chosen, namespace, labels)


def _tolerations(
    raw: Iterable[pod_objects.Toleration] | None,
) -> tuple[snapshots.Toleration, ...]:
    return tuple(
        snapshots.Toleration(part.key, part.operator or "Equal", part.value, part.effect)
        for part in raw or ()
    )


def _volumes(raw: pod_objects.Pod) -> tuple[snapshots.Volume, ...]:
    """The volumes that are claimed or lie on the node; settings and tokens are of no matter."""
    found = (_volume(volume, raw.metadata.name) for volume in raw.spec.volumes or ())
    return tuple(volume for volume in found if volume is not None)


def _volume(raw: pod_objects.PodVolume, pod_name: str) -> snapshots.Volume | None:
    if raw.empty_dir is not None:
        in_memory = raw.empty_dir.medium.startswith(("Memory", "HugePages"))
        return snapshots.Volume(raw.name, "emptyDir", memory_backed=in_memory)
    if raw.persistent_volume_claim is not None:
        claim = raw.persistent_volume_claim.claim_name
        return snapshots.Volume(raw.name, "persistentVolumeClaim", claim)
    if raw.ephemeral is not None:
        return snapshots.Volume(raw.name, "ephemeral", f"{pod_name}-{raw.name}")
    if raw.host_path is not None:
        return snapshots.Volume(raw.name, "hostPath")
    return snapshots.Volume(raw.name, "csi") if raw.csi is not None else None


def _group(raw: pod_objects.Pod) -> str:
    """The gang that a pod belongs to, by the API's own field or by a scheduler's convention."""
    spec, metadata = raw.spec, raw.metadata
    if spec.scheduling_group is not None:
        return spec.scheduling_group.pod_group_name
    if spec.workload_ref is not None:
        return f"{spec.workload_ref.name}/{spec.workload_ref.pod_group}"
    labels, annotations = metadata.labels or {}, metadata.annotations or {}
    found = [labels[key] for key in _GANG_LABELS if key in labels]
    found += [annotations[key] for key in _GANG_ANNOTATIONS if key in annotations]
    return found[0] if found else ""


def _addresses(status: pod_objects.PodStatus) -> tuple[str, ...]:
    several = tuple(address.ip for address in status.pod_ips or () if address.ip)
    return several or ((status.pod_ip,) if status.pod_ip else ())
