"""Two pods on a node never take the same host port; an address of all zeros takes it on all."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import HostPort, Node, Pod
from shorthaul.cluster.worlds import World

_ALL = frozenset({"", "0.0.0.0", "::"})


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether the host ports of a pod are free on a node."""
    if not pod.host_ports:
        return None
    for other in world.others_on(node.name, pod):
        for taken in other.host_ports:
            if any(_collide(port, taken) for port in pod.host_ports):
                return Reason(
                    "HostPortTaken",
                    f"port {taken.port}/{taken.protocol} of node {node.name}, which pod "
                    f"{pod.ref} asks, is taken by {other.ref}",
                )
    return None


def _collide(one: HostPort, other: HostPort) -> bool:
    if (one.port, one.protocol) != (other.port, other.protocol):
        return False
    return one.address == other.address or bool({one.address, other.address} & _ALL)
