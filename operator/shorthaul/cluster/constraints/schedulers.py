"""A pod of another scheduler is not moved: nobody knows how that one would place it."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World

DEFAULT_SCHEDULER = "default-scheduler"


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether another scheduler would place the pod's successor."""
    if pod.scheduler == DEFAULT_SCHEDULER:
        return None
    return Reason("OtherScheduler", f"pod {pod.ref} is placed by scheduler {pod.scheduler}")
