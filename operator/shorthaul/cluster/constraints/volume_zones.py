"""A pod goes only where its bound volumes can be reached: node affinity and zone labels of each.

A claim or volume that is not known could be anywhere, so a pod that has one goes nowhere. The
claim of an ephemeral volume is made anew with the pod, and binds nothing here.
"""

from shorthaul.cluster import storage
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, PersistentVolume, Pod
from shorthaul.cluster.worlds import World

_ZONE_LABELS = (
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
)
_SUCCESSORS = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether every bound volume of a pod can be reached from a node."""
    for name, claim in storage.lasting_claims(pod, world.snapshot):
        if claim is None:
            return Reason(
                "ClaimUnknown", f"claim {pod.ref.namespace}/{name} of {pod.ref} is not known"
            )
        if not claim.volume:
            continue
        volume = world.snapshot.volumes.get(claim.volume)
        if volume is None:
            return Reason("VolumeUnknown", f"volume {claim.volume} of {pod.ref} is not known")
        if not _reaches(volume, node):
            return Reason(
                "VolumeOutOfReach",
                f"volume {volume.name} of pod {pod.ref} cannot be reached from node {node.name}",
            )
    return None


def _reaches(volume: PersistentVolume, node: Node) -> bool:
    if volume.node_terms is not None and not any(
        term.matches(node.labels, node.name) for term in volume.node_terms
    ):
        return False
    return all(_zone_agrees(volume, node, key) for key in _ZONE_LABELS if key in volume.labels)


def _zone_agrees(volume: PersistentVolume, node: Node, key: str) -> bool:
    """A volume in several zones lists them with two underscores between."""
    place = node.labels.get(key) or node.labels.get(_SUCCESSORS.get(key, key))
    return place in volume.labels[key].split("__")
