"""A pod goes only where the pods that it requires near it are.

All terms must find a pod in the node's domain, and, as the scheduler does, each term counts only
pods that match all of the terms. The first of a group that wants its own like is let in anywhere
that has the labels: when nobody matches in the whole cluster and the pod would match itself.
"""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import AffinityTerm, Node, Pod
from shorthaul.cluster.worlds import World


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a node is near all pods that a pod requires."""
    if not pod.affinity:
        return None
    for term in pod.affinity:
        if term.topology_key not in node.labels:
            return _refusal(pod, node, term, f"node {node.name} has no label {term.topology_key}")
    wanted = _wanted(pod, world)
    domains = [_domain(other, world) for other in wanted]
    for term in pod.affinity:
        key, place = term.topology_key, node.labels[term.topology_key]
        if not any(labels.get(key) == place for labels in domains):
            if _is_first(pod, wanted, world):
                return None
            return _refusal(pod, node, term, f"{len(wanted)} match, none of them in {key}={place}")
    return None


def _wanted(pod: Pod, world: World) -> list[Pod]:
    """The pods that match all terms."""
    return [
        other
        for other in _candidates(pod, world)
        if all(world.matches(term, pod, other) for term in pod.affinity)
    ]


def _candidates(pod: Pod, world: World) -> list[Pod]:
    first = pod.affinity[0]
    found = [
        ref
        for namespace in world.namespaces_of(first, pod.ref.namespace)
        for ref in world.matching(namespace, first.selector)
    ]
    return [world.pod(ref) for ref in sorted(found) if ref != pod.ref]


def _domain(other: Pod, world: World) -> dict[str, str]:
    node = world.nodes.get(other.node) if other.node else None
    return dict(node.labels) if node is not None else {}


def _is_first(pod: Pod, wanted: list[Pod], world: World) -> bool:
    """Whether nobody placed matches and the pod would match all of its own terms."""
    keys = [term.topology_key for term in pod.affinity]
    placed = [one for one in wanted if any(key in _domain(one, world) for key in keys)]
    return not placed and all(world.matches(term, pod, pod) for term in pod.affinity)


def _refusal(pod: Pod, node: Node, term: AffinityTerm, why: str) -> Reason:
    return Reason(
        "PodAffinityMismatch",
        f"pod {pod.ref} must be in one {term.topology_key} with pods it names, not on node "
        f"{node.name}: {why}",
    )
