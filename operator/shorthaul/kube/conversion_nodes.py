"""Raw nodes, their CSI drivers and namespaces to the values of `cluster`.

A hand-made node without a Ready condition is ready, and one that does not say how many pods it
holds does not limit them; a kubelet always says both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shorthaul.cluster import snapshots
from shorthaul.cluster.resources import PODS, Resources
from shorthaul.kube import conversion_pods, conversion_requests, objects
from shorthaul.units import Namespace, NodeName

UNLIMITED_PODS = 2**31 - 1
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


@dataclass(frozen=True, slots=True)
class AttachLimits:
    """How many volumes of each CSI driver a node can attach."""

    node: NodeName
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NamespaceMarks:
    """A namespace's labels, and its annotations that matter."""

    name: Namespace
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def node_of(raw: objects.Node) -> snapshots.Node:
    """One node, without attach limits."""
    status = {part.type: part.status for part in raw.status.conditions or ()}
    return snapshots.Node(
        name=NodeName(raw.metadata.name),
        labels=raw.metadata.labels or {},
        annotations=conversion_pods.kept_annotations(raw.metadata),
        allocatable=_allocatable(raw.status),
        unschedulable=raw.spec.unschedulable,
        ready=status.get("Ready", "True") == "True",
        pressures=tuple(name for name in _PRESSURES if status.get(name) == "True"),
        taints=tuple(
            snapshots.Taint(taint.key, taint.value, taint.effect) for taint in raw.spec.taints or ()
        ),
        addresses=tuple(part.address for part in raw.status.addresses or ()),
        pod_ranges=tuple(raw.spec.pod_cidrs or ()),
        deleting=raw.metadata.deletion_timestamp is not None,
    )


def _allocatable(status: objects.NodeStatus) -> Resources:
    if status.allocatable is not None:
        found = conversion_requests.amounts_of(status.allocatable, "status.allocatable")
    else:
        found = conversion_requests.amounts_of(status.capacity, "status.capacity")
    return Resources({PODS: UNLIMITED_PODS, **found.amounts})


def attach_limits_of(raw: objects.NodeDrivers) -> AttachLimits:
    """The attach limits of a node; a driver without a count has none."""
    limits = {
        driver.name: driver.allocatable.count
        for driver in raw.spec.drivers or ()
        if driver.allocatable is not None and driver.allocatable.count is not None
    }
    return AttachLimits(NodeName(raw.metadata.name), limits)


def namespace_of(raw: objects.Namespace) -> NamespaceMarks:
    """One namespace; the API server always labels it with its name."""
    name = raw.metadata.name
    labels = {"kubernetes.io/metadata.name": name, **(raw.metadata.labels or {})}
    annotations = conversion_pods.kept_annotations(raw.metadata)
    return NamespaceMarks(Namespace(name), labels, annotations)
