"""The links between racks get slow: what probers measure changes, and plans for latency follow.

The links are made so narrow that what crosses them at rest nearly fills them, so that connecting
over them takes long. On Cilium, where events tell how often pods call each other, a policy for
latency has nothing to gain while the links are wide, and gathers the pods by rack when they are
not. Elsewhere only the measured distances are looked at, and that a policy for bytes does not care.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from realshop.disturbances import findings, relay_outages, stages
from testbed import progress

TOPOLOGY = "topologies.shorthaul.dev"
FAR = "region"
TIMES_AS_LONG = 2.0
MEASURED_SECONDS = 180.0
CALM_SECONDS = 15.0
ROOM = 1.5
"""How much more the narrow links carry than what crosses them: full, nobody gets an answer."""
MOST_SHARE = 0.5
LATENCIES = {"host": 0.2, "rack": 0.2, "zone": 0.3, "region": 0.3, "beyond": 50}


def run(stage: stages.Stage) -> Iterator[findings.Check]:
    """Narrow the links, look at what is measured, and widen them again."""
    on_events = stage.cluster.layout.cni == "cilium"
    stage.cluster.client.apply(_topology())
    if on_events:
        stages.scatter(stage)
        stage.cluster.shape(None)
    else:
        stages.set_policy(stage)
    wide = _measured(stage, lambda found: found > 0, "latency over the links to be measured")
    bandwidth = stage.bandwidth
    crossing = stage.crossing(CALM_SECONDS)
    since = time.time()
    if on_events:
        more = {"worth": {"leastGainPercent": 30}}
        stages.set_policy(stage, *relay_outages.sources("latency", **more))
        stages.until(
            stage,
            lambda: any(word in stage.told() for word in ("GainTooSmall", "NothingToGain")),
            stage.times.settling,
            "Shorthaul to have nothing to gain",
        )
    rate = f"{max(64, round(stage.busiest_way(CALM_SECONDS) * 8 * ROOM / 1000))}kbit"
    idle = len(stage.evictions.since(since))
    stage.cluster.shape(rate)
    progress.say(f"links carry {rate} now; over them took {wide:.2f} ms")
    try:
        slow = _measured(
            stage, lambda found: found >= TIMES_AS_LONG * wide, "measured latency to have grown"
        )
        if on_events:
            stages.rest(stage, since)
            stages.whole(stage)
    finally:
        stage.cluster.shape(bandwidth)
    again = _measured(stage, lambda found: found < slow / 2, "measured latency to fall again")
    seen = len(stage.evictions.since(since))
    yield findings.none("evictions while the links were wide", idle)
    yield findings.at_least(
        "measured over the links when slow, of before", TIMES_AS_LONG, slow / wide
    )
    yield findings.at_most("ms measured when they are wide again", slow / 2, again)
    if on_events:
        share = stage.crossing() / crossing
        yield findings.at_least("evictions when the links were slow", 1, seen - idle)
        yield findings.at_most("bytes between racks in the end, of before", MOST_SHARE, share)
    else:
        yield findings.none("evictions by a policy for bytes", seen)


def _measured(stage: stages.Stage, holds: Any, what: str) -> float:
    """Return the latency over the links that plans are made with, when a condition holds for it."""
    found = 0.0

    def look() -> bool:
        nonlocal found
        found = in_force(stage.cluster.client.get(TOPOLOGY, "default"))
        return found > 0 and bool(holds(found))

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
