"""A pod goes only where its topology spread constraints (DoNotSchedule) stay met.

Counted as the scheduler counts: among nodes that have the keys of all constraints and that the
node policies let in; pods that terminate do not count; the pod itself counts when it matches; with
fewer domains than `minDomains` the least is zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shorthaul.cluster.constraints import node_affinities, taints
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod, SpreadConstraint
from shorthaul.cluster.worlds import World
from shorthaul.units import NodeName


@dataclass(frozen=True, slots=True)
class Skew:
    """What a constraint would see with the pod on a node."""

    here: int
    least: int

    @property
    def size(self) -> int:
        """How uneven it is."""
        return self.here - self.least


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a pod on a node keeps the spread that it asks for."""
    for constraint in pod.spread:
        key = constraint.topology_key
        if key not in node.labels:
            return Reason(
                "SpreadKeyMissing", f"node {node.name} has no label {key} to spread {pod.ref} by"
            )
        skew = skew_of(pod, constraint, node, world)
        if skew.size > constraint.max_skew:
            return Reason(
                "SpreadExceeded",
                f"pod {pod.ref} on node {node.name} makes {skew.here} in {key}="
                f"{node.labels[key]} and {skew.least} where there are least, skew "
                f"{skew.size} of {constraint.max_skew} allowed",
            )
    return None


def skew_of(pod: Pod, constraint: SpreadConstraint, node: Node, world: World) -> Skew:
    """How many match in the node's domain, the pod among them, and in the emptiest one."""
    counts = counts_of(pod, constraint, world)
    least = least_of(constraint, counts)
    itself = constraint.selector is not None and constraint.selector.matches(pod.labels)
    here = counts.get(node.labels[constraint.topology_key], 0)
    return Skew(here + int(itself), least)


def least_of(constraint: SpreadConstraint, counts: Mapping[str, int]) -> int:
    """The emptiest domain's count; zero while there are fewer domains than asked for."""
    enough = constraint.min_domains is None or len(counts) >= constraint.min_domains
    return min(counts.values(), default=0) if enough else 0


def counts_of(pod: Pod, constraint: SpreadConstraint, world: World) -> Mapping[str, int]:
    """How many other pods match in each domain that counts."""
    domains = domains_of(pod, constraint, world)
    counts = dict.fromkeys(domains.values(), 0)
    for ref in world.matching(pod.ref.namespace, constraint.selector):
        other = world.pod(ref)
        if ref != pod.ref and not other.terminating and other.node in domains:
            counts[domains[other.node]] += 1
    return counts


def domains_of(
    pod: Pod, constraint: SpreadConstraint, world: World
) -> Mapping[NodeName | None, str]:
    """The domain of each node that counts."""
    labels = tuple(sorted(pod.node_selector.items()))
    shape = (domains_of, labels, pod.node_terms, pod.tolerations, pod.spread, constraint)
    return world.kept(shape, lambda: _domains_of(pod, constraint, world))


def _domains_of(
    pod: Pod, constraint: SpreadConstraint, world: World
) -> Mapping[NodeName | None, str]:
    keys = [part.topology_key for part in pod.spread]
    return {
        node.name: node.labels[constraint.topology_key]
        for node in world.nodes.values()
        if all(key in node.labels for key in keys)
        and (not constraint.honor_affinity or node_affinities.accepts(pod, node))
        and (not constraint.honor_taints or taints.untolerated(pod, node) is None)
    }
