"""The replicas of a workload keep a least number of hosts and zones.

With fewer replicas than the floor, as many hosts as replicas are asked. Where the floor is not met
already, a move may not make it worse: that is why the present number counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World
from shorthaul.topology.distances import DEFAULT_LABELS
from shorthaul.units import NodeName, Tier, WorkloadRef

ZONE_LABEL = DEFAULT_LABELS[Tier.ZONE]


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a workload keeps enough hosts and zones with this pod on a node."""
    rules = world.rules.of(pod.workload)
    if rules.least_hosts <= 1 and rules.least_zones <= 1:
        return None
    now, then = world.serving(pod.workload), _with(pod, node, world)
    count = sum(then.values())
    for what, floor, before, after in (
        ("Hosts", rules.least_hosts, len(now), len(then)),
        ("Zones", rules.least_zones, zones(now, world), zones(then, world)),
    ):
        if after < min(floor, count, before):
            return Reason(
                f"TooFew{what}",
                f"{pod.workload} would have its {count} pods on {after} {what.lower()}, "
                f"{min(floor, count)} are the least ({before} now)",
            )
    return None


def _with(pod: Pod, node: Node, world: World) -> Mapping[NodeName, int]:
    """How many replicas each node would hold with the pod on a node, wherever it is now."""
    found = dict(world.serving(pod.workload))
    here = world.pod(pod.ref) if world.has(pod.ref) else None
    if here is not None and here.node in found and not here.terminating:
        found[here.node] -= 1
        if not found[here.node]:
            del found[here.node]
    found[node.name] = found.get(node.name, 0) + 1
    return found


def shortfall(workload: WorkloadRef, world: World) -> Reason | None:
    """Whether a workload as it stands has fewer hosts or zones than it should."""
    pods = sum(world.serving(workload).values())
    for what, count, least in _counted(workload, world):
        if count < least:
            return Reason(
                f"TooFew{what}",
                f"{workload} has its {pods} pods on {count} {what.lower()}, {least} are the least",
            )
    return None


def standing(workload: WorkloadRef, world: World) -> tuple[int, ...]:
    """How many hosts and zones a workload is on."""
    return tuple(count for _, count, _ in _counted(workload, world))


def lowered(workload: WorkloadRef, world: World, before: Sequence[int]) -> bool:
    """Whether a workload has fewer hosts or zones than it should, and fewer than before."""
    now = _counted(workload, world)
    return any(count < min(least, its) for (_, count, least), its in zip(now, before, strict=True))


def _counted(workload: WorkloadRef, world: World) -> Iterator[tuple[str, int, int]]:
    """On how many hosts and zones a workload is, and how many are the least."""
    rules, nodes = world.rules.of(workload), world.serving(workload)
    pods = sum(nodes.values())
    yield "Hosts", len(nodes), min(rules.least_hosts, pods)
    yield "Zones", zones(nodes, world), min(rules.least_zones, pods)


def zones(nodes: Iterable[NodeName], world: World) -> int:
    """How many zones nodes are surely in; those without a label add none, but are somewhere."""
    known = (world.nodes[name] for name in nodes if name in world.nodes)
    return max(1, len({node.labels[ZONE_LABEL] for node in known if ZONE_LABEL in node.labels}))
