"""Why measured latencies count or do not, as a condition of the Topology."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shorthaul.act.reckonings import Reckoning
from shorthaul.api import conditions
from shorthaul.api.conditions import State
from shorthaul.telemetry.probes.readers import Sweep
from shorthaul.telemetry.prometheus.round_trips import RoundTrips
from shorthaul.topology.adoptions import Rules
from shorthaul.units import TIERS, Tier


@dataclass(frozen=True, slots=True)
class Standing:
    """What the last sweep was, what it came to, and what had been adopted at all."""

    last: Sweep | RoundTrips
    reckoning: Reckoning
    adopted: Collection[Tier]
    stale_seconds: int
    rules: Rules


def state(standing: Standing, in_force: Mapping[Tier, float]) -> State:
    """Whether plans are made with what was measured, and why not."""
    if not in_force:
        reason, text = _lacking(standing)
        if standing.adopted:
            reason = "LatenciesStale"
            text = f"no tier was measured for more than {standing.stale_seconds} s ({text})"
        return conditions.latencies_measured(False, reason, f"{text}; the spec's latencies count")
    reason = "Probed" if isinstance(standing.last, Sweep) else "Measured"
    missing = [tier.value for tier in TIERS[1:] if tier not in in_force]
    told = f"; not measured, so as the spec has it: {', '.join(missing)}" if missing else ""
    text = f"plans are made with these{told}{_untold(standing)}"
    return conditions.latencies_measured(True, reason, text)


def _untold(standing: Standing) -> str:
    """Which tiers are nearer or farther than a histogram's buckets tell."""
    untold, last = standing.reckoning.untold, standing.last
    if not untold or isinstance(last, Sweep):
        return ""
    bounds = last.resolution
    return (
        f"; the buckets tell times between {bounds.above:g} and {bounds.below:g} ms only, which "
        f"those of {', '.join(untold)} are not"
    )


def _lacking(standing: Standing) -> tuple[str, str]:
    """What there is too little of for an estimate."""
    last, reckoning = standing.last, standing.reckoning
    silent = _silent(last)
    if silent is not None:
        return silent
    if not reckoning.estimates:
        reason = "TooCoarse" if reckoning.untold else "TooFewPairs"
        return reason, f"{_heard(last, reckoning)}; {_too_few(reckoning)}{_untold(standing)}"
    return "Gathering", f"fewer than {standing.rules.persistence} sweeps have measured so far"


def _silent(last: Sweep | RoundTrips) -> tuple[str, str] | None:
    """Why nobody answered; None where somebody did."""
    if isinstance(last, Sweep):
        why = f": {last.example}" if last.example else ""
        text = f"0 of {last.probers} probers answered{why}"
        return None if last.reports else ("NoProbers", text)
    if last.milliseconds:
        return None
    return "NoRoundTrips", last.trouble or f"no round trip was answered{_refused(last)}"


def _heard(last: Sweep | RoundTrips, reckoning: Reckoning) -> str:
    if isinstance(last, Sweep):
        return (
            f"{len(last.reports)} of {last.probers} probers answered, "
            f"{reckoning.strangers} of them on no node"
        )
    return (
        f"{len(last.milliseconds)} round trips were answered, "
        f"{reckoning.strangers} of them with an end that is no node{_refused(last)}"
    )


def _refused(last: RoundTrips) -> str:
    told = ", ".join(f"{reason}: {count}" for reason, count in last.refused.items())
    return f", {sum(last.refused.values())} more refused ({told})" if told else ""


def _too_few(reckoning: Reckoning) -> str:
    pairs = reckoning.pairs
    return (
        f"both ends agree on {len(pairs.milliseconds)} pairs of nodes, not on {pairs.disputed}, "
        f"{pairs.one_sided} were measured from one end only; a tier needs pairs that have no "
        "node in common"
    )
