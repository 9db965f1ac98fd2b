"""A claim that only one node (or one pod) may use is not used from two.

ReadWriteOnce lets all pods of one node in; the scheduler does not look, but the second node cannot
attach the volume and the pod would hang. ReadWriteOncePod lets in one pod.
"""

from shorthaul.cluster import storage
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Claim, Node, Pod
from shorthaul.cluster.worlds import World

_SHARED = frozenset({"ReadWriteMany", "ReadOnlyMany"})


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether nobody else uses a pod's exclusive claims from elsewhere."""
    exclusive = {
        claim.name: claim
        for _, claim in storage.lasting_claims(pod, world.snapshot)
        if claim is not None and claim.access_modes and not _SHARED & set(claim.access_modes)
    }
    if not exclusive:
        return None
    for name, claim in exclusive.items():
        for other in world.claiming(pod.ref.namespace, name):
            if other.ref != pod.ref and other.node and _excludes(claim, other, node):
                return Reason(
                    "ClaimInUse",
                    f"claim {claim.namespace}/{claim.name} ({', '.join(claim.access_modes)}) of "
                    f"pod {pod.ref} is used by {other.ref} on node {other.node}",
                )
    return None


def _excludes(claim: Claim, other: Pod, node: Node) -> bool:
    return "ReadWriteOncePod" in claim.access_modes or other.node != node.name
