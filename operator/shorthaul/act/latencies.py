"""Measured latencies for the Topology: reads them beside the cycle, and adopts what is sure.

A sweep is a task of its own and its reckoning runs in a worker, so a tick never waits for it. What
was adopted is kept in the Topology's status, so that a restart neither loses nor changes it. What
counts is decided in `topology.soundings` and `topology.adoptions`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from shorthaul import metrics
from shorthaul.act import latency_texts, openings
from shorthaul.act.latency_texts import Standing
from shorthaul.act.reckonings import Ground, Reckoning, reckon
from shorthaul.api import latencies
from shorthaul.api.latency_sources import HubbleRequestsSource, ProbesSource, RoundTripSource
from shorthaul.api.topologies import TierLatency, Topology
from shorthaul.api.topologystatuses import Measurements
from shorthaul.errors import BadInput
from shorthaul.telemetry.probes.readers import Sweep
from shorthaul.telemetry.prometheus.round_trips import RoundTrips
from shorthaul.topology.adoptions import Adoption, Rules, rounded
from shorthaul.topology.latencies import Measured
from shorthaul.units import TIERS, Tier

TOLD_SECONDS = 300.0
"""How often the status is brought up to date where no plan depends on it: pairs, counts, texts."""
RULES = Rules()

TAKEN = "taken"
UNKNOWN_NODE = "an end is no node"

_Source = ProbesSource | RoundTripSource | HubbleRequestsSource
_Found = Sweep | RoundTrips
_Ended = tuple[_Found, Reckoning]


@dataclass(slots=True)
class _Watch:
    """One source, and all that is known of it."""

    source: _Source
    adoption: Adoption
    measured_at: dict[Tier, float]
    last: _Found
    reader: openings.LatencyReader | None = None
    due: float = 0.0
    sweeping: "asyncio.Task[_Ended] | None" = None
    reckoning: Reckoning = field(default_factory=Reckoning)
    heard: bool = False
    told: Measurements | None = None
    told_at: float = float("-inf")

    def in_force(self, now_seconds: float) -> Mapping[Tier, float]:
        """What was adopted of the tiers that were measured of late."""
        return {
            tier: self.adoption.adopted[tier]
            for tier in TIERS
            if tier in self.adoption.adopted
            and now_seconds - self.measured_at[tier] <= self.source.stale_seconds
        }

    def take(self, found: _Found, reckoning: Reckoning) -> None:
        """What a sweep brought."""
        self.last, self.reckoning, self.heard = found, reckoning, True
        heard = {tier: each.milliseconds for tier, each in reckoning.estimates.items()}
        self.adoption = self.adoption.with_estimates(heard, RULES)
        self.measured_at.update(reckoning.newest)

    async def sweep(self, ground: Ground, now_seconds: float, random: Random) -> _Ended:
        """Asks once, and reckons what that comes to."""
        try:
            if self.reader is None:
                self.reader = openings.open_latencies(self.source, random)
            found = await self.reader.sweep()
        except BadInput as error:
            found = _nothing(self.source, str(error))
        return found, await asyncio.to_thread(
            reckon,
            found,
            self.reckoning.times,
            ground,
            now_seconds=now_seconds,
            stale_seconds=self.source.stale_seconds,
        )

    def pause_seconds(self, sweep_seconds: float) -> float:
        """How long after one sweep the next begins.

        What Prometheus tells is of a window: what is adopted of it has been so for a whole one.
        """
        if isinstance(self.source, ProbesSource):
            return sweep_seconds
        return max(sweep_seconds, self.source.window_seconds / RULES.persistence)

    def close(self) -> None:
        """Ends what is under way."""
        if self.sweeping is not None:
            self.sweeping.cancel()
            self.sweeping = None
        if self.reader is not None:
            self.reader.close()
            self.reader = None


class LatencyFeed:
    """Whom a Topology names as the source of latencies, and what was adopted of what they say."""

    def __init__(self, random: Random, sweep_seconds: float) -> None:
        """Stores how often to read; nothing is read before `observe`."""
        self._random = random
        self._sweep_seconds = sweep_seconds
        self._watch: _Watch | None = None

    def observe(
        self, topology: Topology | None, look: Callable[[], Ground], now_seconds: float
    ) -> None:
        """Takes in a sweep that has ended, and begins the next when it is due; never waits.

        `look` is asked for the nodes only when a sweep begins.
        """
        watch = self._watch = self._watched(topology, now_seconds)
        if watch is None:
            return
        if watch.sweeping is not None and watch.sweeping.done():
            ended, watch.sweeping = watch.sweeping, None
            watch.take(*ended.result())
            _count(watch)
        if watch.sweeping is None and now_seconds >= watch.due:
            watch.due = now_seconds + watch.pause_seconds(self._sweep_seconds)
            watch.sweeping = asyncio.create_task(watch.sweep(look(), now_seconds, self._random))

    def close(self) -> None:
        """Ends what is under way."""
        if self._watch is not None:
            self._watch.close()

    def measurements(self, now_seconds: float) -> Measurements | None:
        """What the Topology's status is to tell; None where its spec names no source."""
        watch = self._watch
        if watch is None:
            return None
        found = _found(watch, watch.in_force(now_seconds))
        told, due = watch.told, now_seconds - watch.told_at >= TOLD_SECONDS
        if told is None or due or _essence(found) != _essence(told):
            # What the first sweep brings does not wait, nor does what counts.
            watch.told = told = found
            watch.told_at = now_seconds if watch.heard else float("-inf")
        return told

    def _watched(self, topology: Topology | None, now_seconds: float) -> _Watch | None:
        """The watch over what a Topology names now.

        A new one begins with what the Topology's status vouches for, which is in force until stale.
        """
        named = None if topology is None else topology.spec.latency_source
        source = (
            None if named is None else named.probes or named.prometheus or named.hubble_requests
        )
        if self._watch is not None and self._watch.source == source:
            return self._watch
        self.close()
        if topology is None or source is None:
            return None
        known = latencies.adopted(topology)
        nothing = _nothing(source, "nothing was asked so far")
        return _Watch(source, Adoption(known), dict.fromkeys(known, now_seconds), nothing)


def _nothing(source: _Source, why: str) -> _Found:
    """A sweep that brought nothing."""
    return Sweep(example=why) if isinstance(source, ProbesSource) else RoundTrips(trouble=why)


def _count(watch: _Watch) -> None:
    last, pairs, strangers = watch.last, watch.reckoning.pairs, watch.reckoning.strangers
    if isinstance(last, Sweep):
        metrics.PROBERS.labels("known").set(last.probers)
        metrics.PROBERS.labels("answering").set(len(last.reports))
        metrics.PROBERS.labels("on_no_node").set(strangers)
    else:
        taken = len(last.milliseconds) - strangers
        for outcome, count in {TAKEN: taken, UNKNOWN_NODE: strangers, **last.refused}.items():
            metrics.ROUND_TRIPS.labels(outcome).inc(count)
        if last.trouble:
            metrics.ROUND_TRIP_FAILURES.inc()
    metrics.LATENCY_PAIRS.labels("agreed").set(len(pairs.milliseconds))
    metrics.LATENCY_PAIRS.labels("disputed").set(pairs.disputed)
    metrics.LATENCY_PAIRS.labels("one_sided").set(pairs.one_sided)
    for tier, milliseconds in watch.adoption.adopted.items():
        metrics.LATENCY.labels(tier.value).set(milliseconds / 1_000)


def _found(watch: _Watch, in_force: Mapping[Tier, float]) -> Measurements:
    """All that is known now."""
    known = watch.reckoning.estimates
    adopted = tuple(
        TierLatency(
            tier=tier,
            milliseconds=milliseconds,
            pairs=known[tier].pairs if tier in known else 0,
        )
        for tier, milliseconds in in_force.items()
    )
    pairs = _rounded(watch.reckoning.told)
    standing = Standing(
        watch.last,
        watch.reckoning,
        watch.adoption.adopted.keys(),
        watch.source.stale_seconds,
        RULES,
    )
    probers = len(watch.last.reports) if isinstance(watch.last, Sweep) else 0
    return Measurements(latency_texts.state(standing, in_force), probers, adopted, pairs)


def _essence(its: Measurements) -> tuple[object, ...]:
    """What is told at once when it changes: what counts, why, and whether there are pairs."""
    adopted = [(each.tier, each.milliseconds) for each in its.latencies]
    return its.state.holds, its.state.reason, adopted, bool(its.pairs)


def _rounded(pairs: tuple[Measured, ...]) -> tuple[Measured, ...]:
    return tuple(Measured(each.one, each.other, rounded(each.milliseconds)) for each in pairs)
