"""A node dies as pods are about to move: Kubernetes makes its pods anew; Shorthaul waits.

Its network goes and all its processes are killed. Its Node object stays until the pods are whole
elsewhere, and is then deleted, as a cloud's controller does; until then too little is seen of the
cluster to move anything. The node does not come back, so this comes last.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from realnodes import cgroups, shells
from realshop import deployments, manifests
from realshop.disturbances import findings, ledgers, shifts, stages, victims
from testbed import nodes, progress

UNREADY_SECONDS = 120.0
QUIET_SECONDS = 30.0
SYSTEM = "kube-system"
EXPECTED = ("FlowsUncovered", "NodesUnready", "BytesStale")


def run(stage: stages.Stage) -> Iterator[findings.Check]:
    """Heat a pair, kill a node that has pods of the shop, delete its Node later."""
    stages.heat(stage)
    stages.set_policy(stage)
    before = stage.crossing(shifts.SHIFT_SECONDS)
    name = _victim(stage)
    died = time.time()
    _kill(stage, name)
    progress.say(f"node {name} is dead")
    stage.cluster.client.wait_for(
        lambda: not nodes.is_ready(stage.cluster.client.get("nodes", name)),
        timeout_seconds=UNREADY_SECONDS,
        what=f"node {name} to be seen dead",
    )
    stage.cluster.client.wait_for(
        lambda: len(_elsewhere(stage, name)) == stage.shop.pods,
        timeout_seconds=deployments.READY_SECONDS,
        what="the shop's pods to be ready on other nodes",
    )
    time.sleep(QUIET_SECONDS)
    told = stage.told()
    reason = next((word for word in EXPECTED if word in told), told)
    unsettled = stage.evictions.since(died)
    waited = time.time() - died
    stage.cluster.client.delete("nodes", name)
    since = time.time()
    progress.say(f"node {name} is deleted")
    stages.rest(stage, since)
    stages.whole(stage)
    yield findings.none(f"evictions in the {waited:.0f} s until it was deleted", len(unsettled))
    yield findings.one_of("why nothing moves, as the policy tells", EXPECTED, reason)
    yield findings.same(
        "pods of the shop that are ready elsewhere", stage.shop.pods, len(_elsewhere(stage, name))
    )
    yield findings.at_least("evictions afterwards", 1, len(stage.evictions.since(since)))
    yield shifts.closed(stage, before)


def _victim(stage: stages.Stage) -> str:
    """Return the node with most pods of the shop, of those without pods of the system."""
    pods = stage.cluster.client.list("pods")
    needed = {ledgers.operator_pod(stage.cluster)["spec"]["nodeName"]} | {
        pod["spec"].get("nodeName") for pod in pods if pod["metadata"]["namespace"] == SYSTEM
    }
    count = {
        node.name: sum(
            pod["spec"].get("nodeName") == node.name
            for pod in pods
            if pod["metadata"]["namespace"] == manifests.NAMESPACE
        )
        for node in stage.cluster.layout.nodes
        if node.name not in needed
    }
    return max(sorted(count), key=lambda name: count[name])


def _kill(stage: stages.Stage, name: str) -> None:
    layout = stage.cluster.layout
    for link in (f"p-{name}", f"m-{name}"):
        shells.run(["ip", "-n", layout.fabric, "link", "set", link, "down"])
    deadline = time.monotonic() + cgroups.END_SECONDS
    while victims.kill(victims.of_node(stage.cluster, name)) and time.monotonic() < deadline:
        time.sleep(cgroups.POLL_SECONDS)


def _elsewhere(stage: stages.Stage, name: str) -> list[object]:
    return [pod for pod in deployments.ready(stage.cluster) if pod["spec"]["nodeName"] != name]
