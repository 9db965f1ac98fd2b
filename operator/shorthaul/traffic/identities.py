"""Whose pod is it: the directory that attribution looks pods up in.

It is a plain value, filled from a snapshot by `cluster.directories`, so that this folder needs to
know nothing of Kubernetes objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shorthaul.units import NodeName, PodRef, WorkloadRef


@dataclass(frozen=True, slots=True)
class PodIdentity:
    """What attribution needs to know of a pod; a bare pod is its own workload of kind Pod."""

    workload: WorkloadRef
    node: NodeName | None


@dataclass(frozen=True, slots=True)
class Directory:
    """Pods that exist, ReplicaSets by (namespace, name) and workloads that exist."""

    pods: Mapping[PodRef, PodIdentity]
    replica_sets: Mapping[PodRef, WorkloadRef] = field(default_factory=dict)
    workloads: frozenset[WorkloadRef] = frozenset()
    pods_by_address: Mapping[str, PodRef] = field(default_factory=dict)
