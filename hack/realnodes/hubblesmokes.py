"""The smoke run's part for Cilium: Hubble tells who talks to whom, and policy is enforced."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from realnodes import clusters
from testbed import progress

NAMESPACE = "smoke"
LIMIT_SECONDS = 60.0
POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "near-only", "namespace": NAMESPACE},
    "spec": {
        "podSelector": {"matchLabels": {"app": "server"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "near"}}}]}],
    },
}


def run(cluster: clusters.Cluster) -> None:
    """Wait until Hubble has told the flows of the client far, then refuse them by policy."""
    _await(cluster, "FORWARDED")
    told = sum(1 for path in cluster.hubble_exports.values() for _ in _of_far(_lines(path)))
    progress.say(f"Hubble exported {told} flows of the client far, and Relay has them")
    cluster.client.apply(POLICY)
    _await(cluster, "DROPPED")
    progress.say("a policy that leaves the client far out is enforced")


def _await(cluster: clusters.Cluster, verdict: str) -> None:
    def told() -> bool:
        exported = (
            flow for path in cluster.hubble_exports.values() for flow in _of_far(_lines(path))
        )
        if not any(flow["verdict"] == verdict for flow in exported):
            return False
        wanted = ("--verdict", verdict, "--pod", f"{NAMESPACE}/far", "--last", "20", "-o", "json")
        relayed = _of_far(
            json.loads(line) for line in cluster.hubble("observe", *wanted).splitlines()
        )
        return any(flow["verdict"] == verdict for flow in relayed)

    what = f"{verdict} flows of the client far, in an export and from Relay"
    cluster.client.wait_for(told, timeout_seconds=LIMIT_SECONDS, what=what)


def _lines(path: Path) -> Iterable[Any]:
    """Yield what a file has so far; its last line may be half written."""
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return


def _of_far(told: Iterable[Any]) -> Iterable[Any]:
    for one in told:
        flow = one.get("flow", {})
        source = flow.get("source", {})
        if source.get("namespace") == NAMESPACE and source.get("pod_name", "").startswith("far-"):
            yield flow
