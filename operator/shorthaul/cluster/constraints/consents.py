"""Only workloads that a policy selects and lets be moved now; single replicas where it agrees."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether the owner has not agreed to moves of this workload."""
    own = rules.of(pod.workload)
    if own.resting is not None:
        return own.resting
    if not own.movable:
        return Reason("NotSelected", f"no policy lets {pod.workload} be moved")
    replicas = world.workload_of(pod).replicas
    if replicas <= 1 and not own.allow_single_replica:
        return Reason(
            "SingleReplica",
            f"{pod.workload} has {replicas} replica, which would be missing while it moves; the "
            "policy does not allow it",
        )
    return None
