"""Pods that must be apart stay apart, whichever of the two said so."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import AffinityTerm, Node, Pod
from shorthaul.cluster.worlds import World


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a node is apart from all pods that a pod refuses, and that refuse it."""
    for term in pod.anti_affinity:
        for other in _refused(pod, term, world):
            if _share(node, other, term, world):
                return _refusal(pod, node, other, term, pod)
    for term, other in world.repelled_by(pod):
        if _share(node, other, term, world):
            return _refusal(pod, node, other, term, other)
    return None


def _refused(pod: Pod, term: AffinityTerm, world: World) -> list[Pod]:
    found = [
        ref
        for namespace in world.namespaces_of(term, pod.ref.namespace)
        for ref in world.matching(namespace, term.selector)
    ]
    return [world.pod(ref) for ref in sorted(found) if ref != pod.ref]


def _share(node: Node, other: Pod, term: AffinityTerm, world: World) -> bool:
    place = node.labels.get(term.topology_key)
    home = world.nodes.get(other.node) if other.node else None
    return place is not None and home is not None and home.labels.get(term.topology_key) == place


def _refusal(pod: Pod, node: Node, other: Pod, term: AffinityTerm, owner: Pod) -> Reason:
    place = node.labels.get(term.topology_key)
    return Reason(
        "PodAntiAffinityMismatch",
        f"pod {pod.ref} may not be in {term.topology_key}={place} (node {node.name}) with "
        f"{other.ref}: {owner.ref} says so",
    )
