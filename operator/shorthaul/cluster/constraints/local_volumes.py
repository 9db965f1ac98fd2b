"""A pod whose files live on its node is not moved.

hostPath and local volumes never; emptyDir (in memory too) and ephemeral volumes, which are lost
with the pod, only where the policy or the pod's own annotation for cluster-autoscaler agrees.
"""

from shorthaul.cluster import storage
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World

_LOCAL = frozenset({"local", "hostPath"})
_SAFE_VOLUMES = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a pod would leave files behind."""
    lost_allowed = rules.of(pod.workload).allow_empty_dir
    safe = {name.strip() for name in pod.annotations.get(_SAFE_VOLUMES, "").split(",")}
    for volume in pod.volumes:
        if volume.source == "hostPath":
            return Reason("HostPathVolume", f"pod {pod.ref} has hostPath volume {volume.name}")
        if volume.source == "emptyDir" and not lost_allowed and volume.name not in safe:
            kind = "in-memory emptyDir" if volume.memory_backed else "emptyDir"
            return Reason(
                "EmptyDirVolume",
                f"pod {pod.ref} would lose its {kind} {volume.name}; the policy does not allow it",
            )
        if volume.source == "ephemeral" and not lost_allowed:
            return Reason(
                "EphemeralVolume",
                f"pod {pod.ref} would lose its ephemeral volume {volume.name}; the policy does "
                "not allow it",
            )
    return _local_claim(pod, world)


def _local_claim(pod: Pod, world: World) -> Reason | None:
    for name, claim in storage.lasting_claims(pod, world.snapshot):
        volume = storage.volume_of(claim, world.snapshot) if claim is not None else None
        if volume is not None and volume.source in _LOCAL:
            return Reason(
                "LocalVolume",
                f"claim {name} of pod {pod.ref} is {volume.source} volume {volume.name}",
            )
    return None
