"""A link between racks gets slow: what probers measure changes, and plans for latency follow.

Everything over the link takes longer, always: queues that come and go are no distance, since the
least of many probes counts. On Cilium, where events tell how often pods call each other, a policy
for latency has nothing to gain while the link is quick, and gathers the pods by rack when it is
not. Elsewhere only the measured distances are looked at, and that a policy for bytes does not care.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from realshop.disturbances import delays, findings, relay_outages, stages
from testbed import progress

TOPOLOGY = "topologies.shorthaul.dev"
FAR, RACK = "region", "a"
LONGER_MILLISECONDS = 20.0
LEAST_SHARE = 0.9
MEASURED_SECONDS = 180.0
MOST_SHARE = 0.5
LATENCIES = {"host": 0.2, "rack": 0.2, "zone": 0.3, "region": 0.3, "beyond": 50}


def run(stage: stages.Stage) -> Iterator[findings.Check]:
    """Make the way out of a rack long, look at what is measured, and make it short again."""
    on_events = stage.cluster.layout.cni == "cilium"
    stage.cluster.client.apply(_topology())
    if on_events:
        stages.scatter(stage)
        crossing = stage.crossing()
    else:
        stages.set_policy(stage)
    quick = _measured(stage, lambda found: found < LONGER_MILLISECONDS, "latency to be measured")
    since = time.time()
    if on_events:
        _await_nothing(stage)
    idle = len(stage.evictions.since(since))
    there_and_back = 2 * LONGER_MILLISECONDS
    progress.say(f"the way out of rack {RACK} takes {there_and_back:.0f} ms more now")
    with delays.longer(stage.cluster, RACK, LONGER_MILLISECONDS):
        least = quick + LEAST_SHARE * there_and_back
        slow = _measured(stage, lambda found: found >= least, "measured latency to have grown")
        if on_events:
            stages.rest(stage, since)
            stages.whole(stage)
    again = _measured(stage, lambda found: found < least, "measured latency to fall again")
    seen = len(stage.evictions.since(since))
    yield findings.none("evictions while the link was quick", idle)
    yield findings.at_least(f"ms between racks when it is slow, {quick:.2f} before", least, slow)
    yield findings.at_most("ms between racks when it is quick again", quick + 1, again)
    if on_events:
        share = stage.crossing() / crossing
        yield findings.at_least("evictions when the link was slow", 1, seen - idle)
        yield findings.at_most("bytes between racks in the end, of before", MOST_SHARE, share)
    else:
        yield findings.none("evictions by a policy for bytes", seen)


def _await_nothing(stage: stages.Stage) -> None:
    """Give the shop a policy for latency, and wait until that has nothing to gain."""
    more = {"worth": {"leastGainPercent": 30}}
    stages.set_policy(stage, *relay_outages.sources("latency", **more))
    stages.until(
        stage,
        lambda: any(word in stage.told() for word in ("GainTooSmall", "NothingToGain")),
        stage.times.settling,
        "Shorthaul to have nothing to gain",
    )


def _measured(stage: stages.Stage, holds: Callable[[float], bool], what: str) -> float:
    """Return the latency over the links that plans are made with, when a condition holds for it."""
    found = 0.0

    def look() -> bool:
        nonlocal found
        found = in_force(stage.cluster.client.get(TOPOLOGY, "default"))
        return found > 0 and holds(found)

    stages.until(stage, look, MEASURED_SECONDS, what)
    return found


def in_force(topology: dict[str, Any]) -> float:
    """Return the milliseconds between racks that were measured and are planned with; 0: none."""
    status = topology.get("status") or {}
    measured = any(
        one["type"] == "LatenciesMeasured" and one["status"] == "True"
        for one in status.get("conditions", ())
    )
    found = (one["milliseconds"] for one in status.get("latencies", ()) if one["tier"] == FAR)
    return float(next(found, 0.0)) if measured else 0.0


def _topology() -> dict[str, Any]:
    prober = "shorthaul-prober.shorthaul-system.svc:8621"
    return {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "Topology",
        "metadata": {"name": "default"},
        "spec": {
            "latencies": LATENCIES,
            "latencySource": {"type": "Probes", "probes": {"address": prober}},
        },
    }
