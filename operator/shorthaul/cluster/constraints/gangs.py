"""A member of a gang is not moved: its group is placed all together or not at all."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a pod belongs to a group that is scheduled together."""
    if not pod.group:
        return None
    return Reason("GangMember", f"pod {pod.ref} belongs to pod group {pod.group}")
