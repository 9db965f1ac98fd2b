"""All disturbances: what is done, what is expected, and where they can be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from realnodes import clusters, shells
from realshop.disturbances import (
    collector_outages,
    findings,
    forgeries,
    mid_plan_rollouts,
    node_deaths,
    operator_kills,
    relay_outages,
    shifts,
    slow_links,
    stages,
)
from testbed import clients, connections

CAME_TO_NOTHING = (
    *(stages.NotSettled, clients.TimedOut, connections.ApiError, connections.Unreachable),
    *(shells.Failed, OSError, ValueError),
)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """One disturbance; `gathered`: it begins with pods that Shorthaul has gathered already."""

    name: str
    done: str
    expected: str
    run: Callable[[stages.Stage], Iterator[findings.Check]]
    gathered: bool = True
    cni: str = ""


ALL = (
    Disturbance(
        "operator-killed",
        "the operator is killed at random points while it plans and moves",
        "the loop converges; no pod is evicted twice; no budget has too few ready pods",
        operator_kills.run,
        gathered=False,
    ),
    Disturbance(
        "rollout-mid-plan",
        "a workload is rolled out while a plan has moves for it that have not begun",
        "none of its pods is evicted while it rolls out; the plan ends; the loop converges",
        mid_plan_rollouts.run,
        gathered=False,
    ),
    Disturbance(
        "traffic-shift",
        "another pair, over two racks, becomes hot",
        "pods move for the new pattern, once, and nothing goes back and forth",
        shifts.run,
    ),
    Disturbance(
        "forged-traffic",
        "a pod of another namespace talks much to the shop, and sends collectors forged records",
        "its traffic is seen; nothing of the shop is planned or moved, no forged byte is counted",
        forgeries.run,
    ),
    Disturbance(
        "slow-link",
        "a link between racks gets slow: 40 ms more there and back",
        "measured distances follow, and plans for latency follow these (plans: on Cilium only)",
        slow_links.run,
    ),
    Disturbance(
        "collectors-killed",
        "all collectors are killed, again and again, before pods would move for a hot pair",
        "nothing moves meanwhile; pods move when they are back; the ledger is exact to the byte",
        collector_outages.run,
    ),
    Disturbance(
        "relay-down",
        "Hubble Relay is killed when pods are about to move",
        "nothing moves meanwhile; pods move when it is back",
        relay_outages.run,
        gathered=False,
        cni="cilium",
    ),
    Disturbance(
        "node-dies",
        "a node loses its network and all its processes when pods are about to move",
        "Kubernetes makes its pods anew; nothing moves until its Node is gone; then pods move",
        node_deaths.run,
    ),
)


def named(names: list[str]) -> list[Disturbance]:
    """Return disturbances in the table's order; raises ValueError for a name that is none."""
    known = {one.name: one for one in ALL}
    for name in names:
        if name not in known:
            raise ValueError(f"{name} is no disturbance; there are {', '.join(known)}")
    return [one for one in ALL if not names or one.name in names]


def disturb(stage: stages.Stage, one: Disturbance) -> findings.Finding:
    """Do it, and return what was expected and seen; what came to nothing is not as expected."""
    began = time.monotonic()
    skipped = why_not(one, stage.cluster)
    checks: list[findings.Check] = []
    if not skipped:
        try:
            if one.gathered:
                stages.gather(stage)
            checks += one.run(stage)
            stages.await_verdicts(stage)
            stage.gathered = True
        except CAME_TO_NOTHING as error:
            stage.gathered = False
            checks.append(findings.Check("it came to its end", "yes", f"no: {error}", False))
    seconds = round(time.monotonic() - began, 1)
    return findings.Finding(one.name, one.done, one.expected, tuple(checks), seconds, skipped)


def why_not(one: Disturbance, cluster: clusters.Cluster) -> str:
    """Return why a disturbance cannot be on a cluster; nothing where it can."""
    if one.cni and cluster.layout.cni != one.cni:
        return f"it needs --cni {one.cni}, and this cluster has {cluster.layout.cni}"
    return ""
