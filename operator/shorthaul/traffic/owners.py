"""Which workload a pod belongs to, also when the pod is gone and only its name is left.

In this order: the directory's pod; what Hubble named, if such a workload exists; the pod's name,
where Kubernetes' naming leaves one answer only. Without a directory there is nothing to check
against, so a name is cut only where it ends in what the ReplicaSet controller makes: a hash
spelled from ten characters (k8s.io/apimachinery `rand.SafeEncodeString` of a decimal number) and
a five-letter suffix. Any other pod is then its own workload of kind Pod.
"""

import re
from collections.abc import Iterator, Mapping

from shorthaul.traffic.identities import Directory
from shorthaul.units import PodRef, WorkloadRef

_SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]{5}"
_CERTAIN_REPLICA = re.compile(rf"(.+)-[4-9bcdf]{{6,10}}-{_SUFFIX}")
_LIKELY_REPLICA = re.compile(rf"(.+)-[4-9bcdf]{{1,10}}-{_SUFFIX}")
_OWNED = re.compile(rf"(.+)-{_SUFFIX}")
_ORDINAL = re.compile(r"(.+)-(?:0|[1-9][0-9]*)")
_BY_SUFFIX = ("DaemonSet", "ReplicaSet", "ReplicationController", "Job")


class Owners:
    """Looks pods up; `hubble` is what flow lines named as their workloads."""

    def __init__(self, directory: Directory | None, hubble: Mapping[PodRef, WorkloadRef]) -> None:
        self._directory = directory
        self._hubble = hubble

    def exists(self, pod: PodRef) -> bool:
        """Whether a pod is there now; without a directory every pod is."""
        return self._directory is None or pod in self._directory.pods

    def of(self, pod: PodRef) -> WorkloadRef | None:
        """A pod's workload, or None when the pod is gone and nothing tells whose it was."""
        named = self._hubble.get(pod)
        if self._directory is None:
            return named or _by_name_alone(pod)
        identity = self._directory.pods.get(pod)
        if identity is not None:
            return identity.workload
        known = self.workload(named) if named is not None else None
        return known or _by_known_names(pod, self._directory)

    def workload(self, ref: WorkloadRef) -> WorkloadRef | None:
        """A workload as the cluster knows it (a ReplicaSet's owner, if it has one), if it does."""
        if self._directory is None or ref in self._directory.workloads:
            return ref
        if ref.kind == "ReplicaSet":
            return self._directory.replica_sets.get(PodRef(ref.namespace, ref.name))
        return None


def _by_name_alone(pod: PodRef) -> WorkloadRef:
    match = _CERTAIN_REPLICA.fullmatch(pod.name)
    if match:
        return WorkloadRef(pod.namespace, "Deployment", match[1])
    return WorkloadRef(pod.namespace, "Pod", pod.name)


def _by_known_names(pod: PodRef, directory: Directory) -> WorkloadRef | None:
    found = {ref for ref in _candidates(pod, directory) if ref in directory.workloads}
    return found.pop() if len(found) == 1 else None


def _candidates(pod: PodRef, directory: Directory) -> Iterator[WorkloadRef]:
    namespace = pod.namespace
    if match := _OWNED.fullmatch(pod.name):
        owner = directory.replica_sets.get(PodRef(namespace, match[1]))
        if owner is not None:
            yield owner
        yield from (WorkloadRef(namespace, kind, match[1]) for kind in _BY_SUFFIX)
    if match := _LIKELY_REPLICA.fullmatch(pod.name):
        yield WorkloadRef(namespace, "Deployment", match[1])
    if match := _ORDINAL.fullmatch(pod.name):
        yield WorkloadRef(namespace, "StatefulSet", match[1])
