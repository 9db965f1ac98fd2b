"""The shop as objects of Kubernetes: what is applied to the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from realshop import shops

NAMESPACE = shops.NAMESPACE
LABEL = "app"
RACK = "topology.shorthaul.dev/rack"
PORT = 8080
TELLING_PORT = 8081
GRACE_SECONDS = 16
DRAIN_SECONDS = 4
RESTRICTED = "restricted"
POD_CPU = "230m"
POD_MEMORY = "32Mi"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the shop runs: which image, and what its Services do with traffic where it is told."""

    image: str
    traffic_distribution: str | None = None


def objects(shop: shops.Shop, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Yield every object of a shop, its namespace first."""
    yield {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": NAMESPACE,
            "labels": {"pod-security.kubernetes.io/enforce": RESTRICTED},
        },
    }
    for service in shop.services:
        yield _service(service.name, wanted)
        yield _budget(service.name)
        calls = [call for call in shop.calls if call.client == service.name]
        yield _deployment(service, calls, shop.seed, wanted)


def _metadata(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "labels": {LABEL: name}}


def _service(name: str, wanted: Wanted) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "selector": {LABEL: name},
        "ports": [{"name": "http", "port": 80, "targetPort": PORT}],
    }
    if wanted.traffic_distribution:
        spec["trafficDistribution"] = wanted.traffic_distribution
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(name), "spec": spec}


def _budget(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(name),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {LABEL: name}}},
    }


def _deployment(
    service: shops.Service, calls: Iterable[shops.Call], seed: int, wanted: Wanted
) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(service.name),
        "spec": {
            "replicas": service.replicas,
            "selector": {"matchLabels": {LABEL: service.name}},
            "template": {
                "metadata": {"labels": {LABEL: service.name}},
                "spec": _pod(_arguments(calls, seed), wanted.image) | _held(service),
            },
        },
    }


def _held(service: shops.Service) -> dict[str, Any]:
    return {"nodeSelector": {RACK: service.rack}} if service.rack else {}


def _pod(arguments: list[str], image: str) -> dict[str, Any]:
    return {
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "enableServiceLinks": False,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "traffic",
                "image": image,
                "imagePullPolicy": "Never",
                "args": arguments,
                "ports": [
                    {"name": "http", "containerPort": PORT},
                    {"name": "counts", "containerPort": TELLING_PORT},
                ],
                "readinessProbe": {
                    "httpGet": {"path": "/ready", "port": "counts"},
                    "periodSeconds": 1,
                    "timeoutSeconds": 5,
                    "failureThreshold": 3,
                },
                "resources": {
                    "requests": {"cpu": POD_CPU, "memory": POD_MEMORY},
                    "limits": {"memory": "128Mi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    }


def _arguments(calls: Iterable[shops.Call], seed: int) -> list[str]:
    return [
        f"-listen=:{PORT}",
        f"-tell=:{TELLING_PORT}",
        f"-drain={DRAIN_SECONDS}s",
        f"-seed={seed}",
        *(
            f"-call={call.server}=http://{call.server}.{NAMESPACE}.svc.cluster.local/,"
            f"rate={call.rate:g},ask={call.ask_bytes},answer={call.answer_bytes}"
            for call in calls
        ),
    ]
