"""The demo's nodes and the shop on them: thirty nodes in three zones of two racks each.

The shop asks for about 60 % of the cpu, so that capacity decides what fits where. The stock
scheduler places it, which spreads everything evenly and therefore leaves traffic long ways to go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from testbed import clients, nodes

MANIFESTS = Path(__file__).parent / "manifests"
ZONES = ("a", "b", "c")
RACKS_PER_ZONE = 2
NODES_PER_RACK = 5
NODE_CPU = "4"
NODE_MEMORY = "16Gi"
REGION = "north"
READY_TIMEOUT_SECONDS = 300.0
SERVICE_LABEL = "kubernetes.io/service-name"


def shop_nodes() -> Iterator[dict[str, Any]]:
    """Yield the nodes n01, n02, …, rack by rack, each with a pod address range of its own."""
    racks = [(zone, rack) for zone in ZONES for rack in range(1, RACKS_PER_ZONE + 1)]
    for index in range(len(racks) * NODES_PER_RACK):
        zone, rack = racks[index // NODES_PER_RACK]
        found = nodes.node(
            f"n{index + 1:02d}",
            zone=f"{REGION}-{zone}",
            rack=f"{zone}{rack}",
            region=REGION,
            cpu=NODE_CPU,
            memory=NODE_MEMORY,
        )
        found["spec"]["podCIDR"] = f"10.64.{index + 1}.0/24"
        yield found


def shop_objects(folder: Path = MANIFESTS) -> list[dict[str, Any]]:
    """Return every object of the shop, namespaces first within each file."""
    return [
        document
        for path in sorted(folder.glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text())
        if document
    ]


def namespaces(objects: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of the namespaces among these objects."""
    return [one["metadata"]["name"] for one in objects if one["kind"] == "Namespace"]


def deploy(client: clients.Client, objects: list[dict[str, Any]]) -> None:
    """Apply the shop and wait until every pod that should run is ready, and its Service knows."""
    client.apply(objects)
    places = namespaces(objects)
    client.wait_for(
        lambda: all_ready(client, places) and all_served(client, places),
        timeout_seconds=READY_TIMEOUT_SECONDS,
        what="every workload of the shop to be ready and behind its Service",
    )


def all_ready(client: clients.Client, wanted: Iterable[str]) -> bool:
    """Tell whether the workloads of these namespaces have all the ready pods they ask for."""
    places = set(wanted)
    return all(
        is_complete(one)
        for resource, is_complete in COMPLETENESS.items()
        for one in client.list(resource)
        if one["metadata"]["namespace"] in places
    )


def all_served(client: clients.Client, wanted: Iterable[str]) -> bool:
    """Tell whether each Service of these namespaces has an endpoint for every pod it selects."""
    places = set(wanted)
    endpoints = Counter(
        (one["metadata"]["namespace"], one["metadata"]["labels"][SERVICE_LABEL])
        for one in client.list("endpointslices.discovery.k8s.io")
        if SERVICE_LABEL in one["metadata"].get("labels", {})
        for endpoint in one.get("endpoints") or ()
        if endpoint.get("conditions", {}).get("ready")
    )
    pods = [one["metadata"] for one in client.list("pods")]
    return all(
        endpoints[place, service["metadata"]["name"]]
        == sum(
            pod["namespace"] == place and selector.items() <= pod.get("labels", {}).items()
            for pod in pods
        )
        for service in client.list("services")
        if (place := service["metadata"]["namespace"]) in places
        and (selector := service["spec"].get("selector"))
    )


def requested_share(client: clients.Client) -> float:
    """Return which part of the nodes' cpu the running pods request."""
    offered = sum(cpu(node["status"]["allocatable"]["cpu"]) for node in client.list("nodes"))
    asked = sum(
        cpu(container.get("resources", {}).get("requests", {}).get("cpu", "0"))
        for pod in client.list("pods")
        if pod["status"].get("phase") in ("Pending", "Running")
        for container in pod["spec"]["containers"]
    )
    return asked / offered if offered else 0.0


def cpu(quantity: str) -> float:
    """Return cores of a quantity like 1500m or 2."""
    return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def _has_its_replicas(workload: dict[str, Any]) -> bool:
    ready = workload.get("status", {}).get("readyReplicas", 0)
    return _is_observed(workload) and bool(ready >= workload["spec"]["replicas"])


def _covers_its_nodes(workload: dict[str, Any]) -> bool:
    status = workload.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0)
    return _is_observed(workload) and bool(0 < wanted <= status.get("numberReady", 0))


def _is_observed(workload: dict[str, Any]) -> bool:
    seen = workload.get("status", {}).get("observedGeneration")
    return bool(seen == workload["metadata"].get("generation"))


COMPLETENESS = {
    "deployments.apps": _has_its_replicas,
    "statefulsets.apps": _has_its_replicas,
    "daemonsets.apps": _covers_its_nodes,
}
