"""A pod goes only to nodes that its nodeSelector and its required node affinity allow."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a node has the labels that a pod asks for."""
    for key, value in pod.node_selector.items():
        if node.labels.get(key) != value:
            return Reason(
                "NodeSelectorMismatch",
                f"pod {pod.ref} selects nodes with {key}={value}, node {node.name} has "
                f"{node.labels.get(key, 'no such label')}",
            )
    if not _meets_terms(pod, node):
        return Reason(
            "NodeAffinityMismatch",
            f"node {node.name} meets none of the {len(pod.node_terms or ())} required node "
            f"affinity terms of pod {pod.ref}",
        )
    return None


def accepts(pod: Pod, node: Node) -> bool:
    """Whether a pod's own wishes about nodes allow one."""
    chosen = all(node.labels.get(key) == value for key, value in pod.node_selector.items())
    return chosen and _meets_terms(pod, node)


def _meets_terms(pod: Pod, node: Node) -> bool:
    if pod.node_terms is None:
        return True
    return any(term.matches(node.labels, node.name) for term in pod.node_terms)
