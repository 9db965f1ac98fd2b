"""How far apart two nodes are: the smallest tier that both share, and a distance per tier.

A node's place is the tuple of its groups, one per tier that the topology has. A node without a
tier's label shares that tier with no other node. Two nodes in one rack must be in one zone, and so
on upward: a contradiction is an error that names the nodes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from shorthaul.errors import BadInput
from shorthaul.units import TIERS, NodeName, Tier

DEFAULT_LABELS: Mapping[Tier, str] = {
    Tier.RACK: "topology.shorthaul.dev/rack",
    Tier.ZONE: "topology.kubernetes.io/zone",
    Tier.REGION: "topology.kubernetes.io/region",
}
DEFAULT_DISTANCES: Mapping[Tier, float] = {
    Tier.HOST: 0,
    Tier.RACK: 1,
    Tier.ZONE: 3,
    Tier.REGION: 10,
    Tier.BEYOND: 30,
}


class ContradictoryTopology(BadInput):
    """Two nodes share a nearer tier but not a farther one."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Labels that give a node's group per tier, and the distance (or price) of each tier.

    `anchors` tells at which tier each named place outside is, wherever one asks from.
    """

    labels: Mapping[Tier, str]
    distances: Mapping[Tier, float]
    anchors: Mapping[str, Tier] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [tier for tier in TIERS if tier not in self.distances]
        if missing:
            raise BadInput(f"no distance for tier {missing[0]}; give one for each of {TIERS}")
        for near, far in pairwise(TIERS):
            if not 0 <= self.distances[near] <= self.distances[far]:
                raise BadInput(
                    f"distance of {near} ({self.distances[near]}) is above that of {far} "
                    f"({self.distances[far]}); distances may not fall with the tier"
                )


DEFAULT_SCALE = Scale(DEFAULT_LABELS, DEFAULT_DISTANCES)


@dataclass(frozen=True, slots=True)
class Distances:
    """Each node's group per tier (None: shares it with nobody) and the distance of each tier."""

    groups: Mapping[NodeName, Mapping[Tier, str | None]]
    scale: Scale
    warnings: tuple[str, ...] = ()
    _places: dict[tuple[NodeName, Tier], tuple[str, str]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def tier(self, one: NodeName, other: NodeName) -> Tier:
        """The smallest tier that both nodes share."""
        if one == other:
            return Tier.HOST
        ours, theirs = self.groups[one], self.groups[other]
        for tier in (Tier.RACK, Tier.ZONE, Tier.REGION):
            group = ours.get(tier)
            if group is not None and group == theirs.get(tier):
                return tier
        return Tier.BEYOND

    def known_tier(self, one: NodeName, other: NodeName) -> Tier | None:
        """The same; None where one of the nodes is not known."""
        known = one in self.groups and other in self.groups
        return self.tier(one, other) if known else None

    def place(self, node: NodeName, tier: Tier) -> tuple[str, str]:
        """What a node is part of at a tier: two nodes have the same place when they share it.

        Places nest: a node without the tier's label is alone there, with what it shares nearer.
        """
        found = self._places.get((node, tier))
        if found is None:
            found = self._places[node, tier] = self._place(node, tier)
        return found

    def _place(self, node: NodeName, tier: Tier) -> tuple[str, str]:
        if tier is Tier.BEYOND:
            return (Tier.BEYOND, "")
        nearer = (Tier.REGION, Tier.ZONE, Tier.RACK)
        for known in nearer[nearer.index(tier) :] if tier is not Tier.HOST else ():
            group = self.groups[node].get(known)
            if group is not None:
                return (known, group)
        return (Tier.HOST, node)

    def distance(self, one: NodeName, other: NodeName) -> float:
        """The distance (or price per GB) between two nodes."""
        return self.scale.distances[self.tier(one, other)]


def measure(labels: Mapping[NodeName, Mapping[str, str]], scale: Scale) -> Distances:
    """Places each node by its labels; raises ContradictoryTopology where tiers do not nest."""
    groups = {
        name: {tier: node_labels.get(label) for tier, label in scale.labels.items()}
        for name, node_labels in sorted(labels.items())
    }
    _require_nesting(groups)
    return Distances(groups, scale, _missing_labels(groups, scale))


def _require_nesting(groups: Mapping[NodeName, Mapping[Tier, str | None]]) -> None:
    tiers = (Tier.RACK, Tier.ZONE, Tier.REGION)
    for near, far in ((n, f) for i, n in enumerate(tiers) for f in tiers[i + 1 :]):
        seen: dict[str, tuple[NodeName, str | None]] = {}
        for name, places in groups.items():
            group, outer = places.get(near), places.get(far)
            if group is None:
                continue
            first, expected = seen.setdefault(group, (name, outer))
            if outer != expected:
                raise ContradictoryTopology(
                    f"nodes {first} and {name} share {near} {group!r} but not the {far} "
                    f"({expected!r} and {outer!r}); mend their labels or the Topology"
                )


def _missing_labels(
    groups: Mapping[NodeName, Mapping[Tier, str | None]], scale: Scale
) -> tuple[str, ...]:
    warnings = []
    for tier, label in scale.labels.items():
        bare = _without(groups, tier)
        if bare and (len(bare) < len(groups) or tier is not Tier.RACK):
            warnings.append(
                f"{len(bare)} of {len(groups)} nodes have no label {label} (first: {bare[0]}); "
                f"they share a {tier} with no other node"
            )
    return tuple(warnings)


def _without(
    groups: Mapping[NodeName, Mapping[Tier, str | None]], tier: Tier
) -> Sequence[NodeName]:
    return [name for name, places in groups.items() if places.get(tier) is None]
