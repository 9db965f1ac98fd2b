"""What a sweep comes to: latency between nodes, and an estimate for each tier.

A prober is known by the address that it answered at, never by what it calls itself. Which nodes a
round trip in Prometheus is between is taken from its labels. Pure: given the same sweep and time it
comes to the same.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from shorthaul.cluster.node_addresses import nodes_by_address
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.telemetry.probes.readers import Sweep
from shorthaul.telemetry.prometheus.round_trips import RoundTrips
from shorthaul.topology import soundings
from shorthaul.topology.distances import Distances
from shorthaul.topology.latencies import Measured
from shorthaul.topology.soundings import EXACT, Estimate, Pair, Pairs, Sounding
from shorthaul.units import NodeName, Tier

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
    probers whose address is on no node, or round trips one end of which is none. `untold` are tiers
    of which only a bound is known.
    """

    times: Times = field(default_factory=dict)
    pairs: Pairs = field(default_factory=lambda: Pairs({}))
    estimates: Mapping[Tier, Estimate] = field(default_factory=dict)
    newest: Mapping[Tier, float] = field(default_factory=dict)
    told: tuple[Measured, ...] = ()
    strangers: int = 0
    untold: tuple[Tier, ...] = ()


def reckon(
    found: Sweep | RoundTrips,
    before: Times,
    ground: Ground,
    *,
    now_seconds: float,
    stale_seconds: float,
) -> Reckoning:
    """What was known before and is not stale, with what a sweep brought."""
    if isinstance(found, Sweep):
        resolution, (fresh, strangers) = EXACT, _of_probers(found, ground, now_seconds)
    else:
        resolution = found.resolution
        fresh, strangers = _of_round_trips(found, ground, now_seconds)
    kept = _kept({**before, **fresh}, now_seconds - stale_seconds)
    pairs = soundings.pair_up((Sounding(*pair, time[0]) for pair, time in kept.items()), resolution)
    known = soundings.estimates(pairs, ground.distances)
    estimates = {tier: each for tier, each in known.items() if resolution.tells(each.milliseconds)}
    shown = soundings.told(pairs, ground.distances, MOST_TOLD)
    return Reckoning(
        kept,
        pairs,
        estimates,
        _newest(estimates.keys(), pairs, kept, ground.distances),
        tuple(each for each in shown if resolution.tells(each.milliseconds)),
        strangers,
        tuple(tier for tier in known if tier not in estimates),
    )


def _of_probers(sweep: Sweep, ground: Ground, now_seconds: float) -> tuple[Times, int]:
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
    return fresh, strangers


def _of_round_trips(found: RoundTrips, ground: Ground, now_seconds: float) -> tuple[Times, int]:
    """Those between two nodes; both ends of a connection measure, each what it sends."""
    nodes = ground.snapshot.nodes
    known = {
        (NodeName(one), NodeName(other)): (milliseconds, now_seconds)
        for (one, other), milliseconds in sorted(found.milliseconds.items())
        if one in nodes and other in nodes
    }
    fresh = {pair: time for pair, time in known.items() if pair[0] != pair[1]}
    return fresh, len(found.milliseconds) - len(known)


def _kept(times: Times, since_seconds: float) -> Times:
    """The newest of them, which are not stale."""
    kept = {
        pair: time
        for pair, time in sorted(times.items(), key=lambda item: item[1][1])
        if time[1] >= since_seconds
    }
    for pair in list(kept)[: max(0, len(kept) - MOST_TIMES)]:
        del kept[pair]
    return kept


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
