"""The replicas of a workload keep a least number of hosts and zones.

With fewer replicas than the floor, as many hosts as replicas are asked. Where the floor is not met
already, a move may not make it worse: that is why the present number counts.
"""

from collections.abc import Iterable, Mapping

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World
from shorthaul.topology.distances import DEFAULT_LABELS
from shorthaul.units import NodeName, PodRef, Tier, WorkloadRef

ZONE_LABEL = DEFAULT_LABELS[Tier.ZONE]


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a workload keeps enough hosts and zones with this pod on a node."""
    rules = world.rules.of(pod.workload)
    if rules.least_hosts <= 1 and rules.least_zones <= 1:
        return None
    current = places(pod.workload, world)
    others = [place for ref, place in current.items() if ref != pod.ref]
    now = list(current.values())
    then = [*others, node.name]
    for what, floor, before, after in (
        ("Hosts", rules.least_hosts, len(set(now)), len(set(then))),
        ("Zones", rules.least_zones, zones(now, world), zones(then, world)),
    ):
        if after < min(floor, len(then), before):
            return Reason(
                f"TooFew{what}",
                f"{pod.workload} would have its {len(then)} pods on {after} {what.lower()}, "
                f"{min(floor, len(then))} are the least ({before} now)",
            )
    return None


def shortfall(workload: WorkloadRef, world: World) -> Reason | None:
    """Whether a workload as it stands has fewer hosts or zones than it should."""
    rules = world.rules.of(workload)
    nodes = list(places(workload, world).values())
    for what, floor, count in (
        ("Hosts", rules.least_hosts, len(set(nodes))),
        ("Zones", rules.least_zones, zones(nodes, world)),
    ):
        if count < min(floor, len(nodes)):
            return Reason(
                f"TooFew{what}",
                f"{workload} has its {len(nodes)} pods on {count} {what.lower()}, "
                f"{min(floor, len(nodes))} are the least",
            )
    return None


def places(workload: WorkloadRef, world: World) -> Mapping[PodRef, NodeName]:
    """Where the replicas that stay are; one that terminates serves nobody any more."""
    return {
        one.ref: one.node
        for one in world.replicas_of(workload)
        if one.node is not None and not one.terminating
    }


def zones(nodes: Iterable[NodeName], world: World) -> int:
    """How many zones nodes are surely in; those without a label add none, but are somewhere."""
    known = (world.nodes[name] for name in nodes if name in world.nodes)
    return max(1, len({node.labels[ZONE_LABEL] for node in known if ZONE_LABEL in node.labels}))
