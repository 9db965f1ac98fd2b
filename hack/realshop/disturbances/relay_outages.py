"""Hubble Relay goes as pods are about to move: nothing moves until it is back. Cilium only."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

from realnodes import cgroups, ciliums, namespaces, starters
from realshop.disturbances import findings, stages
from testbed import binaries, processes

ADDRESS = "hubble-relay.kube-system.svc.cluster.local:80"
DOWN_SECONDS = 90.0
MOST_SHARE = 0.5
EXPECTED = ("FlowsUncovered", "FlowsLost", "BytesStale")


def run(stage: stages.Stage) -> Iterator[findings.Check]:
    """Plan on Relay's events, kill it before the first plan, and start it again."""
    stages.scatter(stage)
    before = stage.crossing()
    stages.set_policy(stage, *sources("flows"))
    stages.until(
        stage,
        lambda: "NotYetPersistent" in stage.told(),
        stage.times.settling,
        "Shorthaul to consider moves",
    )
    down = time.time()
    _kill(stage)
    time.sleep(DOWN_SECONDS)
    told = stage.told()
    reason = next((word for word in EXPECTED if word in told), told)
    blind = stage.evictions.since(down)
    back = time.time()
    start(stage)
    stages.rest(stage, back)
    share = stage.crossing() / before
    yield findings.none(f"evictions in {back - down:.0f} s without it", len(blind))
    yield findings.one_of("why nothing moves, as the policy tells", EXPECTED, reason)
    yield findings.at_least("evictions after it is back", 1, len(stage.evictions.since(back)))
    yield findings.at_most("bytes between racks in the end, of before", MOST_SHARE, share)


def sources(objective: str, **more: Any) -> list[dict[str, Any]]:
    """Return the source of events and a policy that plans on them."""
    version = "shorthaul.dev/v1alpha1"
    relay = {"type": "HubbleRelay", "hubbleRelay": {"address": ADDRESS}}
    return [
        {
            "apiVersion": version,
            "kind": "FlowSource",
            "metadata": {"name": "relay"},
            "spec": relay,
        },
        stages.policy(objective, **more),
    ]


def start(stage: stages.Stage) -> None:
    """Start Relay as the cluster does; it stays on the cluster's record, so `down` ends it."""
    layout = stage.cluster.layout
    program = [str(binaries.find(ciliums.RELAY)), *ciliums.relay(layout)]
    command = cgroups.Groups(layout.name, cgroups.mounted()).joining(
        starters.CONTROL_PLANE_PART, namespaces.entering(layout.fabric, program)
    )
    started = processes.start(ciliums.RELAY, command, layout.state / "log" / "relay-again.log")
    known = processes.read_record(layout.state)
    again = processes.describe(ciliums.RELAY, started.pid)
    processes.write_record(layout.state, [*known, again])


def _kill(stage: stages.Stage) -> None:
    for one in processes.read_record(stage.cluster.layout.state):
        if one.name == ciliums.RELAY and processes.is_alive(one):
            os.kill(one.pid, signal.SIGKILL)
            return
    raise stages.NotSettled("no Hubble Relay runs on this cluster")
