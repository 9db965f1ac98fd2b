"""What `shorthaul plan --recommend-routing` asks of Services, from a recording of the cluster.

The operator plans moves only; which Services should keep traffic near is told by the command line,
from the files that `hack/realcluster record` writes, and carried out by the Services' owner.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realnodes import clusters
from realshop import installs, own_commands, records

SECONDS = 300


class NoPlan(Exception):
    """The command line could not plan from a recording; the message is its own."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One Service and the trafficDistribution that it should have; None for none."""

    namespace: str
    service: str
    wanted: str | None


def recorded(cluster: clusters.Cluster, folder: Path, seconds: float) -> list[Advice]:
    """Record a cluster for so long and return what a plan from that recommends."""
    list(records.record(cluster, folder, seconds))
    edges, policy, planned = folder / "edges.csv", folder / "policy.json", folder / "plan.json"
    standing = ("--cluster", str(folder / records.CLUSTER_FILE))
    given = installs.objects(installs.Pace())
    policies = [one for one in given if one["kind"] == "AffinityPolicy"]
    policy.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": policies}))
    flows = str(folder / records.FLOWS_FILE)
    _shorthaul("record", "--netflow", flows, *standing, "--out", str(edges))
    _shorthaul(
        *("plan", *standing, "--flows", str(edges), "--policy", str(policy)),
        *("--recommend-routing", "-o", "json", "--out", str(planned)),
    )
    return advised(json.loads(planned.read_text()))


def advised(plan: dict[str, Any]) -> list[Advice]:
    """Return what a plan recommends."""
    return [
        Advice(one["namespace"], one["service"], one["to"] or None)
        for one in plan["spec"].get("routing", ())
    ]


def carry_out(cluster: clusters.Cluster, advices: Sequence[Advice]) -> None:
    """Give Services what is recommended, as their owner would."""
    for one in advices:
        change = {"spec": {"trafficDistribution": one.wanted}}
        cluster.client.patch("services", one.service, change, one.namespace)


def _shorthaul(*arguments: str) -> None:
    try:
        own_commands.run(*arguments, seconds=SECONDS)
    except own_commands.CommandFailed as failed:
        raise NoPlan(str(failed)) from failed
