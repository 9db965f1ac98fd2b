"""Nodes for kwok to play: as much of a node as schedulers and planners look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from testbed import clients

RACK_LABEL = "topology.shorthaul.dev/rack"
ZONE_LABEL = "topology.kubernetes.io/zone"
REGION_LABEL = "topology.kubernetes.io/region"
HOSTNAME_LABEL = "kubernetes.io/hostname"
KWOK_ANNOTATION = "kwok.x-k8s.io/node"


def node(  # noqa: PLR0913  (each is a field of a Node, all but the name have defaults)
    name: str,
    *,
    zone: str | None = None,
    rack: str | None = None,
    region: str | None = None,
    cpu: str = "8",
    memory: str = "32Gi",
    pods: int = 110,
    labels: Mapping[str, str] | None = None,
    taints: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """Return a Node; tiers that are not given get no label."""
    tiers = {ZONE_LABEL: zone, RACK_LABEL: rack, REGION_LABEL: region}
    resources = {"cpu": cpu, "memory": memory, "pods": str(pods)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                HOSTNAME_LABEL: name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                **{label: value for label, value in tiers.items() if value is not None},
                **(labels or {}),
            },
            "annotations": {KWOK_ANNOTATION: "fake"},
        },
        "spec": {"taints": [dict(taint) for taint in taints]},
        "status": {"capacity": resources, "allocatable": resources},
    }


def grid(
    count: int, *, racks: int = 2, zones: int = 1, prefix: str = "node", cpu: str = "8"
) -> list[dict[str, Any]]:
    """Return nodes dealt out over racks, and the racks over zones, in blocks."""
    return [
        node(
            f"{prefix}-{index}",
            rack=f"{prefix}-rack-{index * racks // count}",
            zone=f"{prefix}-zone-{(index * racks // count) * zones // racks}",
            region=f"{prefix}-region",
            cpu=cpu,
        )
        for index in range(count)
    ]


def add(client: clients.Client, new: Sequence[dict[str, Any]]) -> None:
    """Create nodes and wait until kwok has made them ready."""
    names = {client.create(one)["metadata"]["name"] for one in new}

    def all_ready() -> bool:
        return names <= {one["metadata"]["name"] for one in client.list("nodes") if is_ready(one)}

    client.wait_for(all_ready, what=f"{len(names)} nodes to be ready")


def is_ready(found: Mapping[str, Any]) -> bool:
    """Tell whether a node reports Ready and the lifecycle controller has let pods on it."""
    conditions = {it["type"]: it["status"] for it in found["status"].get("conditions", ())}
    taints = {taint["key"] for taint in found["spec"].get("taints", ())}
    return conditions.get("Ready") == "True" and "node.kubernetes.io/not-ready" not in taints
