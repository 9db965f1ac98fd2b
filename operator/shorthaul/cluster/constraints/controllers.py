"""Only a pod that its controller makes anew elsewhere is moved.

DaemonSets run on every node, Jobs and CronJobs start over, static pods belong to their node, and a
bare pod is gone when evicted. What other controllers do with an evicted pod is theirs to know
(some finish, some migrate), so their pods stay too.
"""

from collections.abc import Mapping

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World

MAKES_ANEW = frozenset({"ReplicaSet", "StatefulSet", "ReplicationController", "Deployment"})
_MIRROR = "kubernetes.io/config.mirror"
_CODES: Mapping[str, tuple[str, str]] = {
    "DaemonSet": ("DaemonSetPod", "runs on every node"),
    "Job": ("JobPod", "would start over"),
    "CronJob": ("JobPod", "would start over"),
}


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether nobody would make the pod anew elsewhere."""
    if pod.owner_kind == "Node" or _MIRROR in pod.annotations:
        return Reason("StaticPod", f"pod {pod.ref} is a static pod of node {pod.node}")
    if not pod.owner_kind:
        return Reason("BarePod", f"pod {pod.ref} has no controller that would make it anew")
    for kind in (pod.owner_kind, pod.workload.kind):
        if kind in _CODES:
            code, why = _CODES[kind]
            return Reason(code, f"pod {pod.ref} of {kind} {pod.workload} {why}")
    if pod.owner_kind not in MAKES_ANEW:
        return Reason(
            "UnknownController",
            f"pod {pod.ref} belongs to {pod.owner_kind} {pod.owner_name}; what that does with an "
            "evicted pod is not known",
        )
    return None
