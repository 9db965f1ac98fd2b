"""Pods of different trust domains never share a host.

What runs on every node (DaemonSets, static pods) and the protected namespaces belong to the node,
not to a tenant, and are outside all domains.
"""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a node holds only pods of the same trust domain."""
    own = domain_of(pod, world)
    if own is None or not matter(world):
        return None
    for other in world.others_on(node.name, pod):
        theirs = domain_of(other, world)
        if theirs is not None and theirs != own:
            return Reason(
                "TrustDomainMismatch",
                f"node {node.name} holds {other.ref} of trust domain {theirs or '(none)'}, pod "
                f"{pod.ref} is of {own or '(none)'}",
            )
    return None


def matter(world: World) -> bool:
    """Whether anybody has a trust domain with a name."""
    rules = world.rules

    def ask() -> bool:
        return any(one.trust_domain for one in (rules.default, *rules.workloads.values()))

    return world.kept(check, ask)


def domain_of(pod: Pod, world: World) -> str | None:
    """A pod's trust domain, "" for one without a name, None for what belongs to the node."""
    if pod.owner_kind in ("DaemonSet", "Node"):
        return None
    if pod.ref.namespace in world.rules.protected_namespaces:
        return None
    return world.rules.of(pod.workload).trust_domain
