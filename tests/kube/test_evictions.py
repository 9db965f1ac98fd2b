"""What the API server answers to an eviction, as values; on the real server with real budgets."""

import asyncio

import pytest

from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Origin
from shorthaul.kube.evictions import (
    BlockedByBudget,
    Changed,
    Denied,
    Evicted,
    PodGone,
    SeveralBudgets,
    Victim,
    evict,
    rehearse,
)
from shorthaul.units import Namespace, PodRef, Uid

pytestmark = pytest.mark.controlplane


def running_pod(client, namespace: str, name: str) -> dict:
    """A pod that counts as running and ready, without any node or kubelet."""
    client.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {
                "nodeName": "nowhere",
                "terminationGracePeriodSeconds": 30,
                "containers": [{"name": "main", "image": "none"}],
            },
        },
        namespace,
    )
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    client.patch("pods", name, {"status": status}, namespace, subresource="status")
    return client.get("pods", name, namespace)


def budget(client, namespace: str, name: str, app: str, allowed: int) -> None:
    client.create(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": name},
            "spec": {"minAvailable": 1 - allowed, "selector": {"matchLabels": {"app": app}}},
        },
        namespace,
    )
    client.wait_for(
        lambda: client.get("poddisruptionbudgets.policy", name, namespace)["status"].get(
            "currentHealthy"
        ),
        what="the budget to be counted",
    )


def victim_of(pod: dict, **more: str) -> Victim:
    about = pod["metadata"] | more
    ref = PodRef(Namespace(about["namespace"]), about["name"])
    return Victim(ref, Uid(about["uid"]), about["resourceVersion"])


def answers(control_plane, *requests, kubeconfig=None):
    """The answers to several requests, one after another."""

    async def ask():
        path = kubeconfig or control_plane.kubeconfig
        async with Connection(Origin(str(path))) as connection:
            return [await request(connection, victim) for request, victim in requests]

    return asyncio.run(ask())


def test_a_rehearsal_evicts_nothing_and_the_eviction_does(control_plane, namespace):
    client = control_plane.client
    victim = victim_of(running_pod(client, namespace, "one"))

    rehearsed = answers(control_plane, (rehearse, victim), (rehearse, victim))
    untouched = "deletionTimestamp" not in client.get("pods", "one", namespace)["metadata"]
    evicted = answers(control_plane, (evict, victim))

    assert (rehearsed, untouched, evicted) == ([Evicted(), Evicted()], True, [Evicted()])
    assert not client.exists("pods", "one", namespace) or (
        "deletionTimestamp" in client.get("pods", "one", namespace)["metadata"]
    )


def test_another_uid_or_version_is_a_change_and_nothing_is_evicted(control_plane, namespace):
    client = control_plane.client
    pod = running_pod(client, namespace, "two")

    found = answers(
        control_plane,
        (evict, victim_of(pod, uid="00000000-0000-0000-0000-000000000001")),
        (evict, victim_of(pod, resourceVersion="1")),
        (rehearse, victim_of(pod, resourceVersion="1")),
    )

    assert [type(each) for each in found] == [Changed, Changed, Changed]
    assert "deletionTimestamp" not in client.get("pods", "two", namespace)["metadata"]


def test_a_pod_that_is_not_there_is_gone(control_plane, namespace):
    victim = Victim(PodRef(Namespace(namespace), "nobody"), Uid("1"), "1")

    assert answers(control_plane, (evict, victim)) == [PodGone()]


def test_a_spent_budget_blocks_with_its_numbers(control_plane, namespace):
    pod = running_pod(control_plane.client, namespace, "three")
    budget(control_plane.client, namespace, "guard", "three", allowed=0)

    (rehearsed, evicted) = answers(
        control_plane, (rehearse, victim_of(pod)), (evict, victim_of(pod))
    )

    for answer in (rehearsed, evicted):
        assert isinstance(answer, BlockedByBudget)
        assert "The disruption budget guard needs 1 healthy pods and has 1" in answer.message


def test_two_budgets_on_one_pod_are_told_apart_from_a_broken_server(control_plane, namespace):
    pod = running_pod(control_plane.client, namespace, "four")
    for name in ("first", "second"):
        budget(control_plane.client, namespace, name, "four", allowed=1)

    (answer,) = answers(control_plane, (rehearse, victim_of(pod)))

    assert isinstance(answer, SeveralBudgets)


def test_who_may_not_evict_is_denied(control_plane, namespace):
    pod = running_pod(control_plane.client, namespace, "five")
    nobody = control_plane.kubeconfig_for_service_account(namespace, "default")

    (answer,) = answers(control_plane, (evict, victim_of(pod)), kubeconfig=nobody)

    assert isinstance(answer, Denied)
    assert "pods/eviction" in answer.message
