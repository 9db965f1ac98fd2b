"""A pod goes only where it tolerates every taint that keeps pods out (NoSchedule, NoExecute)."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod, Taint
from shorthaul.cluster.worlds import World

FORBIDDING = frozenset({"NoSchedule", "NoExecute"})


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a pod tolerates a node's taints."""
    taint = untolerated(pod, node)
    if taint is None:
        return None
    shown = f"{taint.key}={taint.value}:{taint.effect}"
    return Reason(
        "TaintNotTolerated", f"pod {pod.ref} does not tolerate taint {shown} of node {node.name}"
    )


def untolerated(pod: Pod, node: Node) -> Taint | None:
    """The first taint that keeps a pod out."""
    for taint in node.taints:
        if taint.effect in FORBIDDING and not any(t.tolerates(taint) for t in pod.tolerations):
            return taint
    return None
