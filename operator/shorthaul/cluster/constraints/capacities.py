"""A node has room for all that a pod asks for, pods and extended resources included.

As the scheduler, a resource that the pod does not ask for is not looked at, even if overdrawn.
"""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.resources import shown
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World
from shorthaul.units import ResourceName


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a node has room for a pod beside all others."""
    used = world.used_by_others(node.name, pod)
    for name, asked in sorted(pod.requests.amounts.items()):
        room = node.allocatable.get(name)
        left = room - used.get(name)
        if asked > max(left, 0):
            return Reason(
                f"NotEnough{_camel(name)}",
                f"node {node.name} has {shown(left, name)} of {shown(room, name)} {name} left, "
                f"pod {pod.ref} asks {shown(asked, name)}",
            )
    return None


def _camel(name: ResourceName) -> str:
    """The end of a resource name in CamelCase: EphemeralStorage, Gpu for nvidia.com/gpu."""
    last = name.rpartition("/")[2]
    return "".join(part[:1].upper() + part[1:] for part in last.replace(".", "-").split("-"))
