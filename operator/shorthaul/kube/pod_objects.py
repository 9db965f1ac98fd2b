"""Raw pods with only the fields that placement needs, for msgspec to decode into.

Apart from `objects` because a pod has more that matters than all other kinds together.
"""

from msgspec import field

from shorthaul.kube import objects


class NodeAffinity(objects.Raw, frozen=True):
    """A pod's wishes about nodes, the required ones only."""

    required: objects.NodeSelector | None = field(
        name="requiredDuringSchedulingIgnoredDuringExecution", default=None
    )


class PodAffinityTerm(objects.Raw, frozen=True):
    """One wish about other pods."""

    topology_key: str = ""
    label_selector: objects.LabelSelector | None = None
    namespaces: list[str] | None = None
    namespace_selector: objects.LabelSelector | None = None
    match_label_keys: list[str] | None = None
    mismatch_label_keys: list[str] | None = None


class WeightedTerm(objects.Raw, frozen=True):
    """One preferred wish about other pods; only quotas look at it."""

    pod_affinity_term: PodAffinityTerm = PodAffinityTerm()


class PodAffinity(objects.Raw, frozen=True):
    """A pod's wishes about other pods."""

    required: list[PodAffinityTerm] | None = field(
        name="requiredDuringSchedulingIgnoredDuringExecution", default=None
    )
    preferred: list[WeightedTerm] | None = field(
        name="preferredDuringSchedulingIgnoredDuringExecution", default=None
    )


class Affinity(objects.Raw, frozen=True):
    """All wishes of a pod."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class TopologySpreadConstraint(objects.Raw, frozen=True):
    """How evenly a pod's like must be spread."""

    topology_key: str = ""
    max_skew: int = 1
    when_unsatisfiable: str = "DoNotSchedule"
    label_selector: objects.LabelSelector | None = None
    min_domains: int | None = None
    match_label_keys: list[str] | None = None
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None


class Toleration(objects.Raw, frozen=True):
    """A pod's toleration."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""


class ContainerPort(objects.Raw, frozen=True):
    """A port of a container, taken of the host when `host_port` is set."""

    host_port: int = 0
    protocol: str = "TCP"
    host_ip: str = field(name="hostIP", default="")


class Container(objects.Raw, frozen=True):
    """A container; one of init that restarts always is a sidecar."""

    name: str = ""
    resources: objects.ResourceRequirements | None = None
    ports: list[ContainerPort] | None = None
    restart_policy: str | None = None


class EmptyDirSource(objects.Raw, frozen=True):
    """A directory that lives as long as the pod."""

    medium: str = ""


class ClaimSource(objects.Raw, frozen=True):
    """A volume by claim."""

    claim_name: str = ""


class ClaimTemplate(objects.Raw, frozen=True):
    """The claim that is made with the pod."""

    spec: objects.ClaimSpec = objects.ClaimSpec()


class EphemeralSource(objects.Raw, frozen=True):
    """A volume whose claim is made and deleted with the pod."""

    volume_claim_template: ClaimTemplate | None = None


class PodVolume(objects.Raw, frozen=True):
    """A pod's volume: its sources that tie it to a node are told apart."""

    name: str = ""
    empty_dir: EmptyDirSource | None = None
    host_path: objects.Present | None = None
    persistent_volume_claim: ClaimSource | None = None
    ephemeral: EphemeralSource | None = None
    csi: objects.Driven | None = None


class SchedulingGroup(objects.Raw, frozen=True):
    """The gang that a pod is scheduled with (1.36)."""

    pod_group_name: str = ""


class WorkloadReference(objects.Raw, frozen=True):
    """The gang that a pod is scheduled with (1.35)."""

    name: str = ""
    pod_group: str = ""


class PodSpec(objects.Raw, frozen=True):
    """What a pod asks for."""

    node_name: str = ""
    scheduler_name: str = "default-scheduler"
    priority: int | None = None
    priority_class_name: str = ""
    host_network: bool = False
    active_deadline_seconds: int | None = None
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    overhead: objects.Quantities = None
    resources: objects.ResourceRequirements | None = None
    node_selector: objects.Text = None
    affinity: Affinity | None = None
    topology_spread_constraints: list[TopologySpreadConstraint] | None = None
    tolerations: list[Toleration] | None = None
    volumes: list[PodVolume] | None = None
    resource_claims: list[objects.Named] | None = None
    scheduling_gates: list[objects.Named] | None = None
    workload_ref: WorkloadReference | None = None
    scheduling_group: SchedulingGroup | None = None


class ContainerStatus(objects.Raw, frozen=True):
    """What a running container was given."""

    name: str = ""
    allocated_resources: objects.Quantities = None
    resources: objects.ResourceRequirements | None = None


class PodAddress(objects.Raw, frozen=True):
    """An address of a pod."""

    ip: str = ""


class PodStatus(objects.Raw, frozen=True):
    """How a pod is."""

    phase: str = ""
    qos_class: str = ""
    conditions: list[objects.Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    allocated_resources: objects.Quantities = None
    resources: objects.ResourceRequirements | None = None
    pod_ip: str = field(name="podIP", default="")
    pod_ips: list[PodAddress] | None = field(name="podIPs", default=None)


class Pod(objects.Object, frozen=True):
    """A pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()
