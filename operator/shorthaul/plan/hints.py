"""Where the next pods of a workload should land: at most four weighted terms for its hint.

A hint names the nodes that the workload's replicas share after the plan, then their racks, then
their zones, so that a rollout keeps together what was gathered, even when a node is full. While a
move is in flight its target comes first. The set of nodes is never smaller than the availability
floor, else a rollout would stack the replicas (DESIGN §4).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shorthaul.topology.distances import Distances
from shorthaul.units import NodeName, Tier

HOSTNAME = "kubernetes.io/hostname"
LARGEST_TERM = 64
NODE_WEIGHT, RACK_WEIGHT, ZONE_WEIGHT = 100, 40, 20
TARGET_WEIGHT, SIBLING_WEIGHT = 100, 30


@dataclass(frozen=True, slots=True)
class Term:
    """A preferred node affinity term: a label key and the values that are liked."""

    weight: int
    key: str
    values: tuple[str, ...]


def terms(
    nodes: Iterable[NodeName],
    distances: Distances,
    *,
    target: NodeName | None = None,
    hostnames: Mapping[NodeName, str] | None = None,
) -> tuple[Term, ...]:
    """The hint for a workload whose replicas belong on `nodes`; `target` is a move in flight."""
    names = sorted(set(nodes) | ({target} if target else set()))[:LARGEST_TERM]
    label = hostnames or {}
    hosts = tuple(label.get(name, name) for name in names)
    found: list[Term] = []
    if target is not None and len(hosts) > 1:
        found.append(Term(TARGET_WEIGHT, HOSTNAME, (label.get(target, target),)))
        found.append(Term(SIBLING_WEIGHT, HOSTNAME, hosts))
    elif hosts:
        found.append(Term(NODE_WEIGHT, HOSTNAME, hosts))
    for tier, weight in ((Tier.RACK, RACK_WEIGHT), (Tier.ZONE, ZONE_WEIGHT)):
        groups = _groups(names, tier, distances)
        if groups:
            found.append(Term(weight, distances.scale.labels[tier], groups))
    return tuple(found)


def _groups(names: Iterable[NodeName], tier: Tier, distances: Distances) -> tuple[str, ...]:
    places = (distances.groups.get(name, {}).get(tier) for name in names)
    return tuple(sorted({group for group in places if group is not None}))
