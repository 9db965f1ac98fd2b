"""Raw controllers of pods to workloads: how many pods they want, and whether they are changing.

A controller is taken to be in a rollout or being scaled when its status does not say that all of
its pods are of its newest template and as many as it wants. A StatefulSet that updates only on
deletion and has a newer template counts too: moving its pod would change its version.
"""

from shorthaul.cluster import snapshots
from shorthaul.kube import conversion_owners, conversion_pods, objects
from shorthaul.units import WorkloadRef


def workload_of(kind: str, raw: objects.Controller) -> snapshots.Workload:
    """One controller of pods."""
    metadata = raw.metadata
    owner = conversion_owners.controller_of(metadata)
    namespace = conversion_owners.namespace_of(metadata)
    return snapshots.Workload(
        ref=WorkloadRef(namespace, kind, metadata.name),
        uid=metadata.uid,
        labels=metadata.labels or {},
        annotations=conversion_pods.kept_annotations(metadata),
        replicas=_replicas(kind, raw),
        rolling_out=_is_behind(raw) or _is_changing(kind, raw),
        owner_kind=owner.kind,
        owner_name=owner.name,
    )


def _replicas(kind: str, raw: objects.Controller) -> int:
    if kind == "DaemonSet":
        return raw.status.desired_number_scheduled
    wanted = raw.spec.parallelism if kind == "Job" else raw.spec.replicas
    return 1 if wanted is None else wanted


def _is_behind(raw: objects.Controller) -> bool:
    """Whether its controller has not seen the newest spec; unknown means no."""
    observed = raw.status.observed_generation
    return observed is not None and observed < raw.metadata.generation


def _is_changing(kind: str, raw: objects.Controller) -> bool:
    if raw.status.observed_generation is None:
        return False
    wanted, status = _replicas(kind, raw), raw.status
    match kind:
        case "Deployment":
            return not status.replicas == (status.updated_replicas or 0) == wanted
        case "StatefulSet":
            return status.replicas != wanted or _is_between_revisions(raw, wanted)
        case "ReplicaSet" | "ReplicationController":
            return status.replicas != wanted
        case "DaemonSet":
            return (status.updated_number_scheduled or 0) != wanted
        case _:
            return False


def _is_between_revisions(raw: objects.Controller, wanted: int) -> bool:
    status, strategy = raw.status, raw.spec.update_strategy
    if not status.update_revision or status.update_revision == status.current_revision:
        return False
    if strategy is None or strategy.type == "OnDelete" or strategy.rolling_update is None:
        return True
    partition = strategy.rolling_update.partition or 0
    return partition == 0 or (status.updated_replicas or 0) != max(0, wanted - partition)
