"""A shop on nodes as the API server would tell of it, for plans without a cluster.

Replicas are dealt to the nodes one after the other, rack by rack in turn, as kube-scheduler does
with empty nodes; those of a store to the nodes of its rack.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from realshop import manifests, shops
from testbed import nodes

NODE_CPU = "2"
RACKS = "ab"
BEGAN = "2026-01-01T00:00:00Z"


def objects(shop: shops.Shop, count: int = 6) -> Iterator[dict[str, Any]]:
    """Yield nodes in two racks, and the shop with its pods running on them."""
    racks = {f"n{number + 1}": RACKS[number % len(RACKS)] for number in range(count)}
    for name, rack in racks.items():
        yield nodes.node(
            name, zone=f"zone-{rack}", rack=f"rack-{rack}", region="region", cpu=NODE_CPU
        )
    places = deque((name, f"rack-{rack}") for name, rack in racks.items())
    for one in manifests.objects(shop, manifests.Wanted("traffic")):
        yield one
        if one["kind"] == "Deployment":
            yield from _running(one, places)


def _next(places: deque[tuple[str, str]], wanted: str | None) -> str:
    """Return the node whose turn it is, in one rack only if that is wanted."""
    found = next(place for place in places if wanted in (None, place[1]))
    places.remove(found)
    places.append(found)
    return found[0]


def _running(
    deployment: dict[str, Any], places: deque[tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    name, spec = deployment["metadata"]["name"], deployment["spec"]
    yield {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": _owned(name, "Deployment", name, deployment["metadata"]["labels"]),
        "spec": {"replicas": spec["replicas"], "selector": spec["selector"]},
    }
    rack = spec["template"]["spec"].get("nodeSelector", {}).get(manifests.RACK)
    for number in range(spec["replicas"]):
        own, node = f"{name}-{number}", _next(places, rack)
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": _owned(own, "ReplicaSet", name, deployment["metadata"]["labels"]),
            "spec": {**spec["template"]["spec"], "nodeName": node},
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }


def _owned(name: str, kind: str, owner: str, labels: dict[str, str]) -> dict[str, Any]:
    reference = {"kind": kind, "name": owner, "uid": f"{kind}/{owner}", "controller": True}
    return {
        "name": name,
        "namespace": manifests.NAMESPACE,
        "labels": labels,
        "uid": f"uid-{name}",
        "creationTimestamp": BEGAN,
        "ownerReferences": [{"apiVersion": "apps/v1", **reference}],
    }
