"""A node that is cordoned, going away, unready or short of something is never a target.

A pod's tolerations do not help: what tolerates a cordon may stay there, but nobody moves it there.
"""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a node takes new pods at all."""
    if node.deleting:
        return Reason("NodeDeleting", f"node {node.name} is being deleted")
    if node.unschedulable:
        return Reason("NodeCordoned", f"node {node.name} is cordoned")
    if not node.ready:
        return Reason("NodeNotReady", f"node {node.name} is not ready")
    if node.pressures:
        return Reason("NodeUnderPressure", f"node {node.name} reports {', '.join(node.pressures)}")
    return None
