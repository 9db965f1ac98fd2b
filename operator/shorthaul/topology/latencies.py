"""Latency per tier: as a Topology gives it, or the median of what was measured within each tier.

A plan knows five tiers, so what was measured between two nodes or two zones is gathered by the
tier that they share. Where a tier's measurements lie far apart the median hides that, and is noted;
finer racks or zones would tell them apart. A tier that nobody measured keeps its given latency, or
that of the next nearer tier. Medians that would fall with the tier are lifted to the nearer one's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from shorthaul.errors import BadInput
from shorthaul.topology.distances import Distances
from shorthaul.units import TIERS, NodeName, Tier

WIDE_RATIO = 2.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds there and back between two nodes or two zones, by name."""

    one: str
    other: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Latencies:
    """What is known of latencies: per tier, between pairs of nodes or zones, and by probing.

    Of a tier what was probed counts before pairs that the user gave, and these before its own.
    """

    given: Mapping[Tier, float] | None
    measured: tuple[Measured, ...] = ()
    probed: Mapping[Tier, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TierLatencies:
    """Milliseconds per tier, never falling, and what a reader should know of them."""

    tiers: Mapping[Tier, float]
    notes: tuple[str, ...] = ()


def per_tier(known: Latencies, distances: Distances) -> TierLatencies:
    """One latency for each tier; raises BadInput for a name that is neither node nor zone."""
    found: dict[Tier, list[float]] = {}
    zones = _zones(distances)
    for one in known.measured:
        found.setdefault(_tier(one, zones, distances), []).append(one.milliseconds)
    tiers: dict[Tier, float] = {}
    notes = []
    nearer = 0.0
    for tier in TIERS:
        values = found.get(tier, [])
        given = known.given[tier] if known.given is not None else nearer
        asked = median(values) if values else given
        if tier in known.probed:
            values, asked = [], known.probed[tier]
        tiers[tier] = nearer = max(nearer, asked)
        if values and max(values) > WIDE_RATIO * min(values):
            notes.append(
                f"latencies measured within tier {tier} go from {min(values):g} to "
                f"{max(values):g} ms, {tiers[tier]:g} is taken for all; tell finer tiers apart"
            )
        if tiers[tier] > asked:
            notes.append(
                f"the latency of tier {tier} is {asked:g} ms, less than within a nearer tier; "
                f"{tiers[tier]:g} is taken"
            )
    return TierLatencies(tiers, tuple(notes))


def _zones(distances: Distances) -> Mapping[str, NodeName]:
    """A node of each zone."""
    found: dict[str, NodeName] = {}
    for node, groups in distances.groups.items():
        zone = groups.get(Tier.ZONE)
        if zone is not None:
            found.setdefault(zone, node)
    return found


def _tier(measured: Measured, zones: Mapping[str, NodeName], distances: Distances) -> Tier:
    ends: Sequence[str] = (measured.one, measured.other)
    if all(end in distances.groups for end in ends):
        return distances.tier(NodeName(measured.one), NodeName(measured.other))
    if all(end in zones for end in ends):
        if measured.one == measured.other:
            return Tier.ZONE
        return distances.tier(zones[measured.one], zones[measured.other])
    unknown = next((end for end in ends if end not in distances.groups and end not in zones), None)
    if unknown is None:
        raise BadInput(
            f"a latency is measured from {measured.one} to {measured.other}, a node and a zone; "
            "name two nodes or two zones"
        )
    raise BadInput(f"a latency is measured to {unknown}, which is neither a node nor a zone here")
