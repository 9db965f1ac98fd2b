"""The shop on a real control plane: the player follows its pods through evictions and restarts."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from demoshop import budgets, clusters, observers, player, players, talks
from testbed import controlplanes, nodes

pytestmark = pytest.mark.controlplane


@pytest.fixture(scope="module")
def shop(control_plane_programs):
    """Return a control plane of our own with the whole shop ready on it."""
    with controlplanes.ControlPlane() as running:
        nodes.add(running.client, list(clusters.shop_nodes()))
        clusters.deploy(running.client, clusters.shop_objects())
        yield running


@pytest.fixture
def stage(shop) -> player.Stage:
    following = player.Stage(shop.client.endpoint)
    following.start()
    yield following
    for mirror in following.mirrors.values():
        mirror.stop()


def partners(scene, client_name: str) -> Counter:
    """Return with which nodes a client's packets are exchanged in a minute of play."""
    source = random.Random(1)
    one = players.Player(talks.read(), source, observers.Observers(source))
    for step in range(60):
        one.play(1000.0 + step, 1.0, scene)
    return Counter(
        pool_connection.server.node
        for pool in one.pools.values()
        if pool.client.workload_name == client_name
        for pool_connection in pool.slots
        if pool_connection is not None
    )


def test_the_scheduler_places_the_whole_shop(shop):
    client = shop.client

    assert clusters.all_ready(client, clusters.namespaces(clusters.shop_objects()))
    assert 0.55 <= clusters.requested_share(client) <= 0.70
    assert len({one["spec"]["nodeName"] for one in client.list("pods", "shop")}) > 10


def test_every_talk_of_the_table_finds_an_endpoint(stage):
    scene = stage.now()

    for talk in talks.read().talks:
        assert scene.replicas(talk.client), talk
        assert scene.endpoints[talk.server], talk
        assert all(one.pod_uid in scene.pods for one in scene.endpoints[talk.server]), talk


def test_the_hints_of_the_control_plane_are_seen(stage):
    scene = stage.now()

    assert all(one.zone_hints for one in scene.endpoints["catalog", "products"])
    assert all(one.node_hints for one in scene.endpoints["catalog", "index"])
    assert not any(one.zone_hints for one in scene.endpoints["shop", "cart"])
    assert scene.services["shop", "sessions"].address == ""


def test_traffic_follows_a_pod_that_is_evicted(shop, stage):
    client = shop.client
    victim = stage.now().replicas(("ops", "reports"))[0]
    assert partners(stage.now(), "reports")
    client.patch("nodes", victim.node, {"spec": {"unschedulable": True}})

    client.evict(victim.name, victim.namespace, uid=victim.uid)
    client.wait_for(
        lambda: [one for one in stage.now().replicas(("ops", "reports")) if one.uid != victim.uid],
        what="the player to see the replacement",
    )

    scene = stage.now()
    assert victim.uid not in scene.pods
    assert scene.replicas(("ops", "reports"))[0].node != victim.node
    assert partners(scene, "reports")


def test_the_witness_of_budgets_sees_pods_that_are_deleted_past_their_budget(shop):
    client = shop.client
    witness = budgets.Witness(budgets.read(clusters.shop_objects()))
    mirror = witness.start(client.endpoint)
    payments = [
        one["metadata"]["name"]
        for one in client.list("pods", "pay")
        if one["metadata"]["labels"]["app"] == "payments"
    ]
    assert witness.breaches == []

    for name in payments:
        client.delete("pods", name, "pay", grace_seconds=0)
    client.wait_for(lambda: witness.breaches, what="the witness to see the breach")

    mirror.stop()
    assert {(one.budget.namespace, one.budget.name) for one in witness.breaches} == {
        ("pay", "payments")
    }


def test_the_player_goes_on_after_the_api_server_was_killed(shop, stage):
    before = len(stage.now().pods)
    shop.kill("kube-apiserver")
    shop.restart("kube-apiserver")

    shop.client.patch("deployments.apps", "images", {"spec": {"replicas": 4}}, "catalog")
    shop.client.wait_for(
        lambda: len(stage.now().replicas(("catalog", "images"))) == 4,
        what="the player to see one more pod",
    )

    assert len(stage.now().pods) > before - 1
