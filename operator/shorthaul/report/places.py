"""Where a node is, in as few words as tell the two ends of a move apart."""

from shorthaul.report.screens import name
from shorthaul.topology.distances import Distances
from shorthaul.units import NodeName, Tier

_FAR_TO_NEAR = (Tier.REGION, Tier.ZONE, Tier.RACK)
_SHOWN_WHEN_ALIKE = (Tier.ZONE, Tier.RACK, Tier.REGION)


def route(source: NodeName, target: NodeName, distances: Distances) -> str:
    """A way from node to node, for example "n3 (zone-a) → n5 (zone-b)"."""
    tier = _telling_tier(source, target, distances)
    return f"{place(source, tier, distances)} → {place(target, tier, distances)}"


def place(node: NodeName, tier: Tier | None, distances: Distances) -> str:
    """A node and the group of one tier that it is in, when it is in one."""
    group = distances.groups.get(node, {}).get(tier) if tier else None
    return f"{name(node)} ({name(group)})" if group else name(node)


def group(node: NodeName, tier: Tier, distances: Distances) -> str:
    """The group that stands for a node on a map of one tier; itself where it is in none."""
    if tier is Tier.HOST:
        return name(node)
    found = distances.groups.get(node, {}).get(tier)
    return name(found) if found else f"({name(node)})"


def grouping_tier(distances: Distances) -> Tier:
    """The tier that divides the nodes into few groups, more than one: zones, racks, then hosts."""
    for tier in (Tier.ZONE, Tier.RACK, Tier.REGION):
        found = {places.get(tier) for places in distances.groups.values()}
        if len(found) > 1:
            return tier
    return Tier.HOST


def _telling_tier(source: NodeName, target: NodeName, distances: Distances) -> Tier | None:
    ours, theirs = distances.groups.get(source, {}), distances.groups.get(target, {})
    for tier in _FAR_TO_NEAR:
        if ours.get(tier) != theirs.get(tier):
            return tier
    return next((tier for tier in _SHOWN_WHEN_ALIKE if ours.get(tier)), None)
