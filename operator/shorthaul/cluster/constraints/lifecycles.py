"""Only a pod that runs and serves is moved: not one that starts, waits, ends or has ended."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a pod is in any other state than running and ready on a known node."""
    if not pod.active:
        return Reason("PodFinished", f"pod {pod.ref} has ended ({pod.phase})")
    if pod.terminating:
        return Reason("PodTerminating", f"pod {pod.ref} is being deleted")
    if pod.gates:
        return Reason("PodGated", f"pod {pod.ref} waits for gate {pod.gates[0]}")
    if pod.node is None or pod.phase != "Running":
        return Reason("PodPending", f"pod {pod.ref} does not run yet ({pod.phase})")
    if pod.node not in world.nodes:
        return Reason("NodeUnknown", f"node {pod.node} of pod {pod.ref} is not known")
    if not pod.ready:
        return Reason("PodNotReady", f"pod {pod.ref} is not ready")
    return None
