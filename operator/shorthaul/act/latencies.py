"""Measured latencies for the Topology: reads the probers beside the cycle, and adopts what is sure.

A sweep is a task of its own and its reckoning runs in a worker, so a tick never waits for it. What
was adopted is kept in the Topology's status, so that a restart neither loses nor changes it. What
counts is decided in `topology.soundings` and `topology.adoptions`.
"""

import asyncio
from collections.abc import Callable, Mapping
from random import Random

from shorthaul import metrics
from shorthaul.act.reckonings import Ground, Reckoning, Times, reckon
from shorthaul.api import conditions, latencies
from shorthaul.api.conditions import State
from shorthaul.api.topologies import ProbesSource, TierLatency, Topology
from shorthaul.api.topologystatuses import Measurements
from shorthaul.errors import BadInput
from shorthaul.telemetry.probes.readers import Reader, Sweep
from shorthaul.telemetry.probes.settings import REPORT_PORT
from shorthaul.topology.adoptions import Adoption, Rules, rounded
from shorthaul.topology.latencies import Measured
from shorthaul.units import TIERS, Tier

TOLD_SECONDS = 300.0
"""How often the pairs in the status are brought up to date."""
RULES = Rules()

_Ended = tuple[Sweep, Reckoning]


class LatencyFeed:
    """The probers that a Topology names, and what was adopted of what they say."""

    def __init__(self, random: Random, sweep_seconds: float) -> None:
        """Stores how often to read; nothing is read before `observe`."""
        self._random = random
        self._sweep_seconds = sweep_seconds
        self._sweeping: asyncio.Task[_Ended] | None = None
        self._begin(None, {}, 0.0)

    def observe(
        self, topology: Topology | None, look: Callable[[], Ground], now_seconds: float
    ) -> None:
        """Takes in a sweep that has ended, and begins the next when it is due; never waits.

        `look` is asked for the nodes only when a sweep begins.
        """
        named = None if topology is None else topology.spec.latency_source
        source = None if named is None else named.probes
        if source != self._source:
            known = {} if topology is None or source is None else latencies.adopted(topology)
            self._begin(source, known, now_seconds)
        if self._sweeping is not None and self._sweeping.done():
            ended, self._sweeping = self._sweeping, None
            self._take(*ended.result())
        if self._sweeping is None and source is not None and now_seconds >= self._due:
            self._due = now_seconds + self._sweep_seconds
            self._sweeping = asyncio.create_task(self._sweep(source, look(), now_seconds))

    def close(self) -> None:
        """Ends what is under way."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None

    def measurements(self, now_seconds: float) -> Measurements | None:
        """What the Topology's status is to tell; None where its spec names no source."""
        if self._source is None:
            return None
        if now_seconds - self._told_at >= TOLD_SECONDS or not self._told:
            self._told_at, self._told = now_seconds, self._reckoning.told
        in_force = self._in_force(self._source, now_seconds)
        known = self._reckoning.estimates
        adopted = tuple(
            TierLatency(
                tier=tier,
                milliseconds=milliseconds,
                pairs=known[tier].pairs if tier in known else 0,
            )
            for tier, milliseconds in in_force.items()
        )
        state = self._state(self._source, in_force)
        return Measurements(state, len(self._last.reports), adopted, _rounded(self._told))

    def _begin(
        self, source: ProbesSource | None, known: Mapping[Tier, float], now_seconds: float
    ) -> None:
        """Begins anew; what a Topology's status vouches for is in force until it is stale."""
        self.close()
        self._source, self._adoption = source, Adoption(known)
        self._measured_at = dict.fromkeys(known, now_seconds)
        self._reader: Reader | None = None
        self._due = 0.0
        self._last, self._reckoning = Sweep(), Reckoning()
        self._told: tuple[Measured, ...] = ()
        self._told_at = float("-inf")

    async def _sweep(self, source: ProbesSource, ground: Ground, now_seconds: float) -> _Ended:
        try:
            if self._reader is None:
                self._reader = Reader(source.address, REPORT_PORT, self._random)
            sweep = await self._reader.sweep()
        except BadInput as error:
            sweep = Sweep(example=str(error))
        before: Times = self._reckoning.times
        return sweep, await asyncio.to_thread(
            reckon,
            sweep,
            before,
            ground,
            now_seconds=now_seconds,
            stale_seconds=source.stale_seconds,
        )

    def _take(self, sweep: Sweep, reckoning: Reckoning) -> None:
        self._last, self._reckoning = sweep, reckoning
        heard = {tier: each.milliseconds for tier, each in reckoning.estimates.items()}
        self._adoption = self._adoption.with_estimates(heard, RULES)
        self._measured_at.update(reckoning.newest)
        metrics.PROBERS.labels("known").set(sweep.probers)
        metrics.PROBERS.labels("answering").set(len(sweep.reports))
        metrics.PROBERS.labels("on_no_node").set(reckoning.strangers)
        for state, number in (
            ("agreed", len(reckoning.pairs.milliseconds)),
            ("disputed", reckoning.pairs.disputed),
            ("one_sided", reckoning.pairs.one_sided),
        ):
            metrics.LATENCY_PAIRS.labels(state).set(number)
        for tier, milliseconds in self._adoption.adopted.items():
            metrics.LATENCY.labels(tier.value).set(milliseconds / 1_000)

    def _in_force(self, source: ProbesSource, now_seconds: float) -> Mapping[Tier, float]:
        """What was adopted of the tiers that were measured of late."""
        return {
            tier: self._adoption.adopted[tier]
            for tier in TIERS
            if tier in self._adoption.adopted
            and now_seconds - self._measured_at[tier] <= source.stale_seconds
        }

    def _state(self, source: ProbesSource, in_force: Mapping[Tier, float]) -> State:
        """Whether plans are made with what was measured, and why not."""
        if not in_force:
            reason, text = self._lacking()
            if self._adoption.adopted:
                reason = "LatenciesStale"
                text = f"no tier was measured for more than {source.stale_seconds} s ({text})"
            return conditions.latencies_measured(
                False, reason, f"{text}; the spec's latencies count"
            )
        missing = [tier.value for tier in TIERS[1:] if tier not in in_force]
        told = f"; not measured, so as the spec has it: {', '.join(missing)}" if missing else ""
        return conditions.latencies_measured(True, "Probed", f"plans are made with these{told}")

    def _lacking(self) -> tuple[str, str]:
        """What there is too little of for an estimate."""
        last, pairs = self._last, self._reckoning.pairs
        if not last.reports:
            why = f": {last.example}" if last.example else ""
            return "NoProbers", f"no prober has answered yet, of {last.probers}{why}"
        if not self._reckoning.estimates:
            return "TooFewPairs", (
                f"{len(last.reports)} of {last.probers} probers answered, "
                f"{self._reckoning.strangers} of them on no node; both ends agree on "
                f"{len(pairs.milliseconds)} pairs of nodes, not on {pairs.disputed}, "
                f"{pairs.one_sided} have one end only; a tier needs pairs without any one node"
            )
        return "Gathering", f"fewer than {RULES.persistence} sweeps have measured so far"


def _rounded(pairs: tuple[Measured, ...]) -> tuple[Measured, ...]:
    return tuple(Measured(each.one, each.other, rounded(each.milliseconds)) for each in pairs)
