"""A claim that has no volume yet goes only where its storage class can make one.

A class that waits for its first consumer makes the volume near the pod, within its allowed
topologies; any other claim without a volume keeps its pod from being scheduled at all.
"""

from shorthaul.cluster import storage
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Claim, Node, Pod
from shorthaul.cluster.worlds import World


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether volumes for a pod's unbound claims can be made for a node."""
    for _, claim in storage.lasting_claims(pod, world.snapshot):
        if claim is None or claim.volume:
            continue
        reason = _check_class(claim, node, world)
        if reason is not None:
            return reason
    return None


def _check_class(claim: Claim, node: Node, world: World) -> Reason | None:
    known = storage.class_of(claim, world.snapshot)
    name = f"{claim.namespace}/{claim.name}"
    if known is None or not known.wait_for_consumer:
        return Reason("ClaimUnbound", f"claim {name} has no volume and its class does not wait")
    if known.node_terms is None:
        return None
    if any(term.matches(node.labels, node.name) for term in known.node_terms):
        return None
    return Reason(
        "ClaimOutOfReach",
        f"class {known.name} of claim {name} makes no volume for node {node.name}",
    )
