"""The control plane does what tests of the operator rely on."""

from __future__ import annotations

import stat
from typing import Any

import pytest

from testbed import clients, connections, controlplanes, nodes

pytestmark = pytest.mark.controlplane


def deployment(name: str, replicas: int) -> dict[str, Any]:
    labels = {"app": name}
    container = {
        "name": "main",
        "image": "none",
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def ready_pods(client: clients.Client, namespace: str, count: int) -> list[dict[str, Any]]:
    def ready() -> list[dict[str, Any]] | None:
        pods = [
            pod
            for pod in client.list("pods", namespace)
            if "deletionTimestamp" not in pod["metadata"]
            and any(
                it["type"] == "Ready" and it["status"] == "True"
                for it in pod["status"].get("conditions", ())
            )
        ]
        return pods if len(pods) == count else None

    return client.wait_for(ready, what=f"{count} ready pods in {namespace}")


def test_the_pods_of_a_deployment_become_ready_on_kwok_nodes_with_their_own_addresses(
    control_plane: controlplanes.ControlPlane, namespace: str, two_racks: list[str]
) -> None:
    control_plane.client.apply(deployment("shop", 3), namespace)

    pods = ready_pods(control_plane.client, namespace, 3)

    assert {pod["spec"]["nodeName"] for pod in pods} <= set(two_racks)
    assert len({pod["status"]["podIP"] for pod in pods}) == 3


@pytest.mark.usefixtures("two_racks")
def test_nodes_carry_the_tiers_and_sizes_they_were_made_with(
    control_plane: controlplanes.ControlPlane,
) -> None:
    node = control_plane.client.get("nodes", "testbed-3")

    assert node["metadata"]["labels"][nodes.RACK_LABEL] == "testbed-rack-1"
    assert node["metadata"]["labels"][nodes.ZONE_LABEL] == "testbed-zone-0"
    assert node["status"]["allocatable"]["cpu"] == "8"


@pytest.mark.usefixtures("two_racks")
def test_an_eviction_replaces_the_pod_and_is_in_the_audit_log(
    control_plane: controlplanes.ControlPlane, namespace: str
) -> None:
    client = control_plane.client
    client.apply(deployment("shop", 2), namespace)
    victim = ready_pods(client, namespace, 2)[0]["metadata"]

    client.evict(victim["name"], namespace, uid=victim["uid"])

    client.wait_for(lambda: not client.exists("pods", victim["name"], namespace))
    assert victim["uid"] not in {pod["metadata"]["uid"] for pod in ready_pods(client, namespace, 2)}
    recorded = [
        event for event in control_plane.evictions() if event["objectRef"]["namespace"] == namespace
    ]
    assert [event["objectRef"]["name"] for event in recorded] == [victim["name"]]
    assert recorded[0]["user"]["username"] == "admin"
    assert recorded[0]["requestObject"]["deleteOptions"]["preconditions"]["uid"] == victim["uid"]


@pytest.mark.usefixtures("two_racks")
def test_an_eviction_beyond_the_disruption_budget_is_refused(
    control_plane: controlplanes.ControlPlane, namespace: str
) -> None:
    client = control_plane.client
    client.apply(deployment("shop", 2), namespace)
    pods = ready_pods(client, namespace, 2)
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "shop"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "shop"}}},
    }
    client.create(budget, namespace)
    client.wait_for(
        lambda: (
            client.get("poddisruptionbudgets.policy", "shop", namespace)
            .get("status", {})
            .get("currentHealthy")
            == 2
        )
    )

    with pytest.raises(connections.ApiError) as refusal:
        client.evict(pods[0]["metadata"]["name"], namespace)

    assert refusal.value.status == 429


def test_a_token_request_kubeconfig_acts_as_that_service_account(
    control_plane: controlplanes.ControlPlane, namespace: str
) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "mover"}}
    control_plane.client.create(account, namespace)

    path = control_plane.kubeconfig_for_service_account(namespace, "mover")
    client = clients.from_kubeconfig(path)
    review = client.create(
        {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "SelfSubjectReview",
            "metadata": {},
        }
    )

    name = f"system:serviceaccount:{namespace}:mover"
    assert review["status"]["userInfo"]["username"] == name
    with pytest.raises(connections.ApiError, match="Forbidden"):
        client.list("pods", namespace)
    assert name in {event["user"]["username"] for event in control_plane.audit_events()}


def test_a_server_override_on_plain_http_is_what_the_kubeconfig_says(
    control_plane: controlplanes.ControlPlane,
) -> None:
    path = control_plane.kubeconfig_for_service_account("default", "default", "http://127.0.0.1:1")

    assert clients.from_kubeconfig(path).endpoint.server == "http://127.0.0.1:1"
    assert "certificate-authority-data" not in path.read_text()


def test_kubeconfigs_can_be_read_by_their_owner_only(
    control_plane: controlplanes.ControlPlane,
) -> None:
    assert stat.S_IMODE(control_plane.kubeconfig.stat().st_mode) == 0o600


def test_a_definition_and_its_object_can_be_applied_from_one_text(
    control_plane: controlplanes.ControlPlane, namespace: str
) -> None:
    text = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.testbed.example}
spec:
  group: testbed.example
  names: {kind: Boat, listKind: BoatList, plural: boats, singular: boat}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
---
apiVersion: testbed.example/v1
kind: Boat
metadata: {name: ark}
spec: {masts: 3}
"""
    control_plane.client.apply(text, namespace)

    boat = control_plane.client.get("boats.testbed.example", "ark", namespace)

    assert boat["spec"] == {"masts": 3}


def test_mutating_admission_policies_are_served(
    control_plane: controlplanes.ControlPlane,
) -> None:
    found = control_plane.client.list("mutatingadmissionpolicies.admissionregistration.k8s.io")

    assert found == []
