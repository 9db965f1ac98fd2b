"""Brings the shop to a cluster and takes it away again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from realnodes import clusters
from realshop import images, manifests, shops
from testbed import progress

KINDS = {
    "nodes": ("v1", "Node"),
    "namespaces": ("v1", "Namespace"),
    "pods": ("v1", "Pod"),
    "services": ("v1", "Service"),
    "endpointslices.discovery.k8s.io": ("discovery.k8s.io/v1", "EndpointSlice"),
    "deployments.apps": ("apps/v1", "Deployment"),
    "replicasets.apps": ("apps/v1", "ReplicaSet"),
    "daemonsets.apps": ("apps/v1", "DaemonSet"),
    "poddisruptionbudgets.policy": ("policy/v1", "PodDisruptionBudget"),
}
READY_SECONDS = 300.0
GONE_SECONDS = 120.0


def give(cluster: clusters.Cluster, found: Iterable[images.Image]) -> None:
    """Give images to every node."""
    for image in found:
        cluster.import_image(image.path)
        progress.say(f"image {image.name} is on every node")


def deploy(cluster: clusters.Cluster, shop: shops.Shop, wanted: manifests.Wanted) -> None:
    """Apply a shop and return when every pod of it is ready."""
    found = list(manifests.objects(shop, wanted))
    # Names first: who asks for one that is not there yet is told so for seconds.
    cluster.client.apply(sorted(found, key=lambda one: one["kind"] == "Deployment"))
    cluster.client.wait_for(
        lambda: len(ready(cluster)) == shop.pods,
        timeout_seconds=READY_SECONDS,
        what=f"the shop's {shop.pods} pods to be ready",
    )


def remove(cluster: clusters.Cluster) -> None:
    """Take the shop away and return when nothing of it is left."""
    if not cluster.client.exists("namespaces", shops.NAMESPACE):
        return
    cluster.client.delete("namespaces", shops.NAMESPACE)
    cluster.client.wait_for(
        lambda: not cluster.client.exists("namespaces", shops.NAMESPACE),
        timeout_seconds=GONE_SECONDS,
        what="the shop to be gone",
    )


def pods(cluster: clusters.Cluster) -> list[dict[str, Any]]:
    """Return the shop's pods, those that are ending too."""
    return cluster.client.list("pods", shops.NAMESPACE)


def ready(cluster: clusters.Cluster) -> list[dict[str, Any]]:
    """Return the shop's pods that are ready and not ending."""
    return [pod for pod in pods(cluster) if is_ready(pod)]


def is_ready(pod: dict[str, Any]) -> bool:
    """Tell whether a pod is ready and is to stay."""
    if "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = pod.get("status", {}).get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def dump(cluster: clusters.Cluster) -> list[dict[str, Any]]:
    """Return the objects that plans are made from, as `kubectl get … -o json` prints them."""
    return [
        {"apiVersion": version, "kind": kind, **one}
        for resource, (version, kind) in KINDS.items()
        for one in cluster.client.list(resource)
    ]
