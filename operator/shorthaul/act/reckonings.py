"""What a sweep over the probers comes to: latency between nodes, and an estimate for each tier.

A prober is known by the address that it answered at, never by what it calls itself. Pure: given the
same sweep and time it comes to the same.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from shorthaul.cluster.node_addresses import nodes_by_address
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.telemetry.probes.readers import Sweep
from shorthaul.topology import soundings
from shorthaul.topology.distances import Distances
from shorthaul.topology.latencies import Measured
from shorthaul.topology.soundings import Estimate, Pair, Pairs, Sounding
from shorthaul.units import Tier

MOST_TIMES = 200_000
MOST_TOLD = 256

Times = Mapping[Pair, tuple[float, float]]
"""Milliseconds from one node to another, and when they were measured; oldest first."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The nodes and how far apart they are by their labels."""

    snapshot: Snapshot
    distances: Distances


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What is known after a sweep.

    `newest` is when anything was last measured within a tier that has an estimate; `strangers` are
    probers whose address is on no node.
    """

    times: Times = field(default_factory=dict)
    pairs: Pairs = field(default_factory=lambda: Pairs({}))
    estimates: Mapping[Tier, Estimate] = field(default_factory=dict)
    newest: Mapping[Tier, float] = field(default_factory=dict)
    told: tuple[Measured, ...] = ()
    strangers: int = 0


def reckon(
    sweep: Sweep, before: Times, ground: Ground, *, now_seconds: float, stale_seconds: float
) -> Reckoning:
    """What was known before and is not stale, with what a sweep brought."""
    nodes = nodes_by_address(ground.snapshot)
    fresh: dict[Pair, tuple[float, float]] = {}
    strangers = 0
    for address, report in sorted(sweep.reports.items()):
        one = nodes.get(address)
        if one is None:
            strangers += 1
            continue
        for peer in report.peers:
            other = nodes.get(peer.address)
            if other is not None and other != one and peer.least_milliseconds is not None:
                fresh[one, other] = peer.least_milliseconds, now_seconds - peer.age_seconds
    kept = {
        pair: time
        for pair, time in sorted({**before, **fresh}.items(), key=lambda item: item[1][1])
        if now_seconds - time[1] <= stale_seconds
    }
    for pair in list(kept)[: max(0, len(kept) - MOST_TIMES)]:
        del kept[pair]
    pairs = soundings.pair_up(Sounding(*pair, time[0]) for pair, time in kept.items())
    estimates = soundings.estimates(pairs, ground.distances)
    return Reckoning(
        kept,
        pairs,
        estimates,
        _newest(estimates.keys(), pairs, kept, ground.distances),
        soundings.told(pairs, ground.distances, MOST_TOLD),
        strangers,
    )


def _newest(
    tiers: Set[Tier], pairs: Pairs, times: Times, distances: Distances
) -> Mapping[Tier, float]:
    """When a pair of each tier was measured last, from either end."""
    found = dict.fromkeys(tiers, float("-inf"))
    for one, other in pairs.milliseconds:
        tier = distances.known_tier(one, other)
        if tier is not None and tier in found:
            found[tier] = max(found[tier], times[one, other][1], times[other, one][1])
    return found
