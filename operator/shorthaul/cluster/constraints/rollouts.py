"""No pod of a workload is moved while it is rolled out or scaled: its pods are in motion anyway."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a workload is changing by itself."""
    workload = world.workload_of(pod)
    if workload.rolling_out:
        return Reason("RollingOut", f"{pod.workload} is being rolled out or scaled")
    count = world.staying(pod.workload)
    if count != workload.replicas:
        return Reason("Scaling", f"{pod.workload} has {count} pods and wants {workload.replicas}")
    return None
