"""What exists in the cluster at one moment, with only the fields that placement needs.

A snapshot is an immutable value; `kube` fills it from the API or from files, and nothing in the
pure part sees a raw object. Times are seconds since the epoch. `None` for a list kind that could
be read means it was not in the input, which for a budget means "none" (DESIGN §8).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from shorthaul.cluster.resources import Resources
from shorthaul.cluster.selectors import NodeTerm, Requirement, Selector
from shorthaul.units import Namespace, NodeName, PodRef, Uid, WorkloadRef


@dataclass(frozen=True, slots=True)
class Taint:
    """A node's taint."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True, slots=True)
class Toleration:
    """A pod's toleration; empty key with Exists tolerates everything."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def tolerates(self, taint: Taint) -> bool:
        """Whether it tolerates a taint (k8s.io/api core/v1 `ToleratesTaint`)."""
        if self.effect and self.effect != taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        if self.operator == "Exists":
            return True
        return self.operator in ("", "Equal") and bool(self.key) and self.value == taint.value


@dataclass(frozen=True, slots=True)
class Node:
    """One node; `attach_limits` are volumes per CSI driver (CSINode), `pod_ranges` its podCIDRs."""

    name: NodeName
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    allocatable: Resources = field(default_factory=Resources)
    unschedulable: bool = False
    ready: bool = True
    pressures: tuple[str, ...] = ()
    taints: tuple[Taint, ...] = ()
    addresses: tuple[str, ...] = ()
    pod_ranges: tuple[str, ...] = ()
    attach_limits: Mapping[str, int] = field(default_factory=dict)
    deleting: bool = False


@dataclass(frozen=True, slots=True)
class AffinityTerm:
    """A required pod (anti-)affinity term; matchLabelKeys are already merged into `selector`."""

    topology_key: str
    selector: Selector | None
    namespaces: tuple[Namespace, ...]
    namespace_selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class SpreadConstraint:
    """A DoNotSchedule topology spread constraint; matchLabelKeys are merged into `selector`."""

    topology_key: str
    max_skew: int
    selector: Selector | None
    min_domains: int | None = None
    honor_affinity: bool = True
    honor_taints: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """A pod's volume by its source: "emptyDir", "hostPath", "persistentVolumeClaim", ….

    An "ephemeral" one has its own claim, which is made and deleted with the pod.
    """

    name: str
    source: str
    claim: str = ""
    memory_backed: bool = False


@dataclass(frozen=True, slots=True)
class HostPort:
    """A port of the node that a container takes; address "" or "0.0.0.0" means all."""

    port: int
    protocol: str = "TCP"
    address: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod; `requests` is what the scheduler counts, `workload` its topmost controller.

    `owner_kind` and `owner_name` are the direct controller ("" for a bare pod); `gates` are
    scheduling gates; `group` names the gang (PodGroup) that the pod belongs to, "" for none.
    What only quotas look at: `limits`, `best_effort` (no requests and no limits), `has_deadline`
    (activeDeadlineSeconds) and `crosses_namespaces` (pod affinity to other namespaces).
    """

    ref: PodRef
    uid: Uid
    workload: WorkloadRef
    node: NodeName | None = None
    resource_version: str = ""
    owner_kind: str = ""
    owner_name: str = ""
    owner_uid: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    phase: str = "Running"
    ready: bool = True
    terminating: bool = False
    created_seconds: float = 0.0
    priority: int = 0
    priority_class: str = ""
    scheduler: str = "default-scheduler"
    requests: Resources = field(default_factory=Resources)
    host_ports: tuple[HostPort, ...] = ()
    host_network: bool = False
    node_selector: Mapping[str, str] = field(default_factory=dict)
    node_terms: tuple[NodeTerm, ...] | None = None
    affinity: tuple[AffinityTerm, ...] = ()
    anti_affinity: tuple[AffinityTerm, ...] = ()
    spread: tuple[SpreadConstraint, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    volumes: tuple[Volume, ...] = ()
    resource_claims: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    group: str = ""
    addresses: tuple[str, ...] = ()
    limits: Resources = field(default_factory=Resources)
    best_effort: bool = False
    has_deadline: bool = False
    crosses_namespaces: bool = False

    @property
    def active(self) -> bool:
        """Whether it is not finished; it takes room when it also has a node."""
        return self.phase not in ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Workload:
    """A controller of pods: what it wants, what it has, and whether it is in a rollout."""

    ref: WorkloadRef
    uid: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    replicas: int = 1
    rolling_out: bool = False
    owner_kind: str = ""
    owner_name: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A Service; `headless` is clusterIP None, policies are "Cluster" or "Local".

    `addresses` are its cluster addresses, none where it is headless.
    """

    namespace: Namespace
    name: str
    selector: Selector | None = None
    headless: bool = False
    distribution: str = ""
    internal_policy: str = "Cluster"
    external_policy: str = "Cluster"
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of a Service with the hints that the data plane was given."""

    namespace: Namespace
    service: str
    addresses: tuple[str, ...]
    pod: PodRef | None = None
    node: NodeName | None = None
    ready: bool = True
    zone_hints: tuple[str, ...] = ()
    node_hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget; bounds are kept as written ("2" or "30%")."""

    namespace: Namespace
    name: str
    selector: Selector | None
    min_available: str | None = None
    max_unavailable: str | None = None
    always_allow_unhealthy: bool = False
    disruptions_allowed: int | None = None
    current_healthy: int | None = None
    desired_healthy: int | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim."""

    namespace: Namespace
    name: str
    volume: str = ""
    storage_class: str = ""
    access_modes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersistentVolume:
    """A volume and where it can be reached; `source` is "csi", "local", "hostPath", …."""

    name: str
    source: str = "csi"
    driver: str = ""
    node_terms: tuple[NodeTerm, ...] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    access_modes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StorageClass:
    """A storage class; volumes of "WaitForFirstConsumer" follow the pod's first node."""

    name: str
    provisioner: str = ""
    wait_for_consumer: bool = False
    node_terms: tuple[NodeTerm, ...] | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """A ResourceQuota by resource key ("requests.cpu", "pods", …); amounts as for Resources.

    `scopes` and `scope_requirements` (key = scope name) must all match for a pod to count.
    """

    namespace: Namespace
    name: str
    hard: Mapping[str, int]
    used: Mapping[str, int]
    scopes: tuple[str, ...] = ()
    scope_requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it; collections are keyed by their identity and sorted.

    `namespaces` has their labels, `namespace_annotations` those of their annotations that matter.
    """

    nodes: Mapping[NodeName, Node]
    pods: Mapping[PodRef, Pod]
    workloads: Mapping[WorkloadRef, Workload] = field(default_factory=dict)
    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    budgets: tuple[Budget, ...] = ()
    claims: Mapping[PodRef, Claim] = field(default_factory=dict)
    volumes: Mapping[str, PersistentVolume] = field(default_factory=dict)
    storage_classes: Mapping[str, StorageClass] = field(default_factory=dict)
    quotas: tuple[Quota, ...] = ()
    namespaces: Mapping[Namespace, Mapping[str, str]] = field(default_factory=dict)
    replica_sets: Mapping[PodRef, WorkloadRef] = field(default_factory=dict)
    absent_kinds: frozenset[str] = frozenset()
    ignored_kinds: Mapping[str, int] = field(default_factory=dict)
    namespace_annotations: Mapping[Namespace, Mapping[str, str]] = field(default_factory=dict)

    def workload_of(self, end: PodRef | WorkloadRef) -> WorkloadRef | None:
        """The workload that one end of some traffic is or belongs to; None for a pod not here."""
        if not isinstance(end, PodRef):
            return end
        pod = self.pods.get(end)
        return None if pod is None else pod.workload

    def moved(self, moves: Iterable[tuple[PodRef, NodeName]]) -> "Snapshot":
        """The same cluster with some pods elsewhere."""
        pods = dict(self.pods)
        for ref, node in moves:
            pods[ref] = replace(pods[ref], node=node)
        return replace(self, pods=pods)
