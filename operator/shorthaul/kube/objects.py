"""Raw Kubernetes objects with only the fields that placement needs, for msgspec to decode into.

The other fields of an object are skipped while decoding, never kept, so that 100,000 pods fit. A
field that may be null in somebody's file (`endpoints: null`) may be None here. Nothing here is
interpreted: that is the work of `conversions`.
"""

from datetime import datetime

from msgspec import Struct, field

Text = dict[str, str] | None
Quantity = str | int | float
Quantities = dict[str, Quantity] | None


class Raw(Struct, frozen=True, rename="camel", gc=False):
    """What all of the objects below share: camel case names and no garbage collection."""


class OwnerReference(Raw, frozen=True):
    """Who made an object."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Metadata(Raw, frozen=True):
    """An object's name, labels and owners."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: Text = None
    annotations: Text = None
    owner_references: list[OwnerReference] | None = None


class Expression(Raw, frozen=True):
    """One requirement of a label selector, a node term or a scope."""

    key: str = ""
    scope_name: str = ""
    operator: str = ""
    values: list[str] | None = None


class LabelSelector(Raw, frozen=True):
    """A label selector."""

    match_labels: Text = None
    match_expressions: list[Expression] | None = None


class NodeSelectorTerm(Raw, frozen=True):
    """One term of a node selector."""

    match_expressions: list[Expression] | None = None
    match_fields: list[Expression] | None = None


class NodeSelector(Raw, frozen=True):
    """Terms of which one must match."""

    node_selector_terms: list[NodeSelectorTerm] | None = None


class ResourceRequirements(Raw, frozen=True):
    """Requests and limits."""

    requests: Quantities = None
    limits: Quantities = None


class ClaimSpec(Raw, frozen=True):
    """What a claim asks for, and the volume that it got."""

    volume_name: str = ""
    storage_class_name: str | None = None
    access_modes: list[str] | None = None


class Present(Raw, frozen=True):
    """Something of which only the presence matters."""


class Driven(Raw, frozen=True):
    """A volume of a CSI driver."""

    driver: str = ""


class Named(Raw, frozen=True):
    """Something by name."""

    name: str = ""


class Condition(Raw, frozen=True):
    """One condition of a status."""

    type: str = ""
    status: str = ""
    reason: str | None = None


class Object(Raw, frozen=True):
    """What every object has."""

    metadata: Metadata = Metadata()


class Taint(Raw, frozen=True):
    """A node's taint."""

    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Raw, frozen=True):
    """What an administrator says of a node."""

    unschedulable: bool = False
    taints: list[Taint] | None = None
    pod_cidrs: list[str] | None = field(name="podCIDRs", default=None)


class NodeAddress(Raw, frozen=True):
    """An address of a node."""

    type: str = ""
    address: str = ""


class NodeStatus(Raw, frozen=True):
    """What a node has, and how it is."""

    allocatable: Quantities = None
    capacity: Quantities = None
    conditions: list[Condition] | None = None
    addresses: list[NodeAddress] | None = None


class Node(Object, frozen=True):
    """A node."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class Namespace(Object, frozen=True):
    """A namespace."""


class RollingUpdate(Raw, frozen=True):
    """How far a StatefulSet's update goes."""

    partition: int | None = None


class UpdateStrategy(Raw, frozen=True):
    """How a StatefulSet is updated."""

    type: str = ""
    rolling_update: RollingUpdate | None = None


class ControllerSpec(Raw, frozen=True):
    """What a controller of pods wants; `parallelism` is a Job's."""

    replicas: int | None = None
    parallelism: int | None = None
    update_strategy: UpdateStrategy | None = None


class ControllerStatus(Raw, frozen=True):
    """What a controller of pods has."""

    observed_generation: int | None = None
    replicas: int = 0
    updated_replicas: int | None = None
    current_revision: str = ""
    update_revision: str = ""
    desired_number_scheduled: int = 0
    updated_number_scheduled: int | None = None


class Controller(Object, frozen=True):
    """A Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob or ReplicationController."""

    spec: ControllerSpec = ControllerSpec()
    status: ControllerStatus = ControllerStatus()


class ServiceSpec(Raw, frozen=True):
    """Whom a Service sends its traffic to."""

    selector: Text = None
    cluster_ip: str = field(name="clusterIP", default="")
    cluster_ips: list[str] | None = field(name="clusterIPs", default=None)
    traffic_distribution: str | None = None
    internal_traffic_policy: str | None = None
    external_traffic_policy: str | None = None


class Service(Object, frozen=True):
    """A Service."""

    spec: ServiceSpec = ServiceSpec()


class ObjectReference(Raw, frozen=True):
    """Another object."""

    kind: str = ""
    namespace: str = ""
    name: str = ""


class EndpointConditions(Raw, frozen=True):
    """Whether an endpoint is served; absent means yes."""

    ready: bool | None = None


class EndpointHints(Raw, frozen=True):
    """Whose clients an endpoint is for."""

    for_zones: list[Named] | None = None
    for_nodes: list[Named] | None = None


class SliceEndpoint(Raw, frozen=True):
    """One endpoint of a slice."""

    addresses: list[str] | None = None
    conditions: EndpointConditions = EndpointConditions()
    target_ref: ObjectReference | None = None
    node_name: str | None = None
    hints: EndpointHints | None = None


class EndpointSlice(Object, frozen=True):
    """A part of a Service's endpoints."""

    endpoints: list[SliceEndpoint] | None = None


class DisruptionBudgetSpec(Raw, frozen=True):
    """How many pods must stay."""

    selector: LabelSelector | None = None
    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    unhealthy_pod_eviction_policy: str | None = None


class DisruptionBudgetStatus(Raw, frozen=True):
    """How many pods may go now."""

    observed_generation: int | None = None
    disruptions_allowed: int | None = None
    current_healthy: int | None = None
    desired_healthy: int | None = None


class PodDisruptionBudget(Object, frozen=True):
    """A PodDisruptionBudget."""

    spec: DisruptionBudgetSpec = DisruptionBudgetSpec()
    status: DisruptionBudgetStatus = DisruptionBudgetStatus()


class PersistentVolumeClaim(Object, frozen=True):
    """A PersistentVolumeClaim."""

    spec: ClaimSpec = ClaimSpec()


class VolumeNodeAffinity(Raw, frozen=True):
    """Where a volume can be reached."""

    required: NodeSelector | None = None


class PersistentVolumeSpec(Raw, frozen=True):
    """Where a volume lies; of the sources only those that tie it to a node or a driver."""

    access_modes: list[str] | None = None
    node_affinity: VolumeNodeAffinity | None = None
    csi: Driven | None = None
    local: Present | None = None
    host_path: Present | None = None
    aws_elastic_block_store: Present | None = field(name="awsElasticBlockStore", default=None)
    gce_persistent_disk: Present | None = None
    azure_disk: Present | None = None
    cinder: Present | None = None
    vsphere_volume: Present | None = None
    nfs: Present | None = None


class PersistentVolume(Object, frozen=True):
    """A PersistentVolume."""

    spec: PersistentVolumeSpec = PersistentVolumeSpec()


class TopologyTerm(Raw, frozen=True):
    """Labels of nodes for which a class may make volumes."""

    match_label_expressions: list[Expression] | None = None


class StorageClass(Object, frozen=True):
    """A StorageClass."""

    provisioner: str = ""
    volume_binding_mode: str | None = None
    allowed_topologies: list[TopologyTerm] | None = None


class Allocatable(Raw, frozen=True):
    """How many volumes a driver can attach."""

    count: int | None = None


class NodeDriver(Raw, frozen=True):
    """A CSI driver on a node."""

    name: str = ""
    allocatable: Allocatable | None = None


class NodeDriversSpec(Raw, frozen=True):
    """The CSI drivers of a node."""

    drivers: list[NodeDriver] | None = None


class NodeDrivers(Object, frozen=True):
    """A CSINode."""

    spec: NodeDriversSpec = NodeDriversSpec()


class ScopeSelector(Raw, frozen=True):
    """Which pods a quota counts."""

    match_expressions: list[Expression] | None = None


class QuotaSpec(Raw, frozen=True):
    """A quota's bounds."""

    hard: Quantities = None
    scopes: list[str] | None = None
    scope_selector: ScopeSelector | None = None


class QuotaStatus(Raw, frozen=True):
    """A quota's use."""

    hard: Quantities = None
    used: Quantities = None


class ResourceQuota(Object, frozen=True):
    """A ResourceQuota."""

    spec: QuotaSpec = QuotaSpec()
    status: QuotaStatus = QuotaStatus()
