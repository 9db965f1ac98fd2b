"""What keeps the operator from moving pods: each shows on the policy, with nothing evicted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.fault_worlds import SYSTEM
from process import stages
from process.stages import Object, Shop, Stage
from testbed import nodes

pytestmark = pytest.mark.controlplane

MUTATION = "mutatingadmissionpolicies.admissionregistration.k8s.io"
TOPOLOGIES = "topologies.shorthaul.dev"
APART = {"left": {"asker": 0}, "right": {"answerer": 1}}


def evicted(shop: Shop) -> int:
    return sum(shop.evictions().values())


def wait_for_landings(shop: Shop) -> None:
    shop.wait(
        lambda: any(move.get("status", {}).get("phase") == "Landed" for move in shop.moves()),
        "move that landed",
        shop.state,
    )


def in_trouble(source: Object) -> Object | None:
    """The condition Ready of a source in trouble; none while nothing has been heard of it."""
    for ready in source.get("status", {}).get("conditions", ()):
        assert ready["status"] == "False", ready
        return ready if ready["reason"] == "SourceInTrouble" else None
    return None


def test_the_kill_switch_stops_new_evictions_until_it_is_taken_off(running: Stage):
    client = running.plane.client
    switch = {"metadata": {"annotations": {"shorthaul.dev/pause": "maintenance"}}}
    client.patch("namespaces", SYSTEM, switch)
    with running.shop("switched") as shop:
        try:
            shop.set_policy("Auto")
            shop.wait_for_condition("Stalled", "True", "KillSwitch")
            running.rest()
            assert evicted(shop) == 0
        finally:
            off = {"metadata": {"annotations": {"shorthaul.dev/pause": None}}}
            client.patch("namespaces", SYSTEM, off)

        wait_for_landings(shop)
        assert shop.condition("Stalled") == ("", "")


def test_a_relay_that_covers_too_few_nodes_stops_new_evictions_until_it_is_gone(running: Stage):
    client, sources = running.plane.client, "flowsources.shorthaul.dev"
    relay = {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "FlowSource",
        "metadata": {"name": "relay"},
        "spec": {"type": "HubbleRelay", "hubbleRelay": {"address": "127.0.0.1:9"}},
    }
    client.create(relay)
    with running.shop("uncovered") as shop:
        try:
            shop.set_policy("Auto")
            shop.wait_for_condition("Stalled", "True", "FlowsUncovered")
            running.rest()
            assert evicted(shop) == 0
            ready = shop.wait(lambda: in_trouble(client.get(sources, "relay")), "source in trouble")
            assert ready["message"].startswith("127.0.0.1:9: ")
        finally:
            client.delete(sources, "relay")

        wait_for_landings(shop)


@pytest.fixture
def fitting(running: Stage) -> Iterator[Stage]:
    """The stage with a Topology that tells how the nodes fit it."""
    client = running.plane.client
    about = {"apiVersion": "shorthaul.dev/v1alpha1", "kind": "Topology"}
    client.create({**about, "metadata": {"name": "default"}, "spec": {}})
    try:
        yield running
    finally:
        client.delete(TOPOLOGIES, "default")


def placed(stage: Stage) -> tuple[str, str]:
    """Status and reason of the Topology's condition Ready; empty texts without it."""
    status = stage.plane.client.get(TOPOLOGIES, "default").get("status", {})
    for each in status.get("conditions", ()):
        if each["type"] == "Ready":
            return each["status"], each["reason"]
    return "", ""


def label_zone(stage: Stage, node: str, zone: str) -> None:
    change = {"metadata": {"labels": {nodes.ZONE_LABEL: zone}}}
    stage.plane.client.patch("nodes", node, change)


def test_labels_that_contradict_each_other_keep_all_pods_where_they_are_until_mended(
    fitting: Stage,
):
    first, last = (fitting.plane.client.get("nodes", zone[0]) for zone in stages.ZONES)
    ours, theirs = (node["metadata"]["labels"][nodes.ZONE_LABEL] for node in (first, last))
    logged = f"nothing can be decided: nodes {stages.ZONES[0][0]} and "
    before = fitting.operator.text().count(logged)
    with fitting.shop("contradicted") as shop:
        shop.wait(lambda: placed(fitting) == ("True", "NodesPlaced"), "nodes in their places")
        label_zone(fitting, stages.ZONES[0][0], theirs)
        try:
            contradiction = ("False", "ContradictoryTopology")
            shop.wait(lambda: placed(fitting) == contradiction, "contradiction in the Topology")
            shop.set_policy("Auto")
            shop.wait_for_condition("Stalled", "True", "ContradictoryTopology")
            fitting.rest()
            assert (evicted(shop), shop.moves(), shop.plans()) == (0, [], [])
            assert shop.condition("Ready") == contradiction
        finally:
            label_zone(fitting, stages.ZONES[0][0], ours)

        wait_for_landings(shop)
        assert shop.condition("Stalled") == ("", "")
        shop.wait(lambda: placed(fitting) == ("True", "NodesPlaced"), "nodes in their places again")
        assert fitting.operator.text().count(logged) == before + 1


def test_a_policy_that_its_owner_has_paused_moves_nothing_until_he_lets_it(running: Stage):
    with running.shop("paused") as shop:
        shop.set_policy("Auto", pause=True)
        shop.wait_for_condition("Paused", "True", "PausedByOwner")
        running.rest()
        assert (evicted(shop), shop.moves()) == (0, [])

        shop.set_policy("Auto", pause=False)

        wait_for_landings(shop)


def test_two_policies_on_one_workload_conflict_and_neither_moves_anything(running: Stage):
    with running.shop("doubled") as shop:
        shop.set_policy("Auto", "one", workloads={"selector": {"matchLabels": {"team": "a"}}})
        shop.client.patch(
            "deployments.apps", "web", {"metadata": {"labels": {"team": "a"}}}, "doubled"
        )
        shop.set_policy("Auto", "other")

        for name in ("one", "other"):
            shop.wait_for_condition("Conflict", "True", "SameWorkload", name)
            assert shop.condition("Ready", name)[0] == "False"
        running.rest()
        assert (evicted(shop), shop.moves()) == (0, [])


def test_a_namespace_where_the_operator_may_not_evict_is_stalled(running: Stage):
    with running.shop(stages.RIGHTLESS) as shop:
        shop.set_policy("Auto")
        shop.wait_for_condition("Stalled", "True", "NoEvictRight")
        running.rest()

        assert shop.condition("Ready") == ("False", "NoEvictRight")
        assert evicted(shop) == 0


def test_a_quota_that_lets_no_move_be_made_holds_up_nothing_else(running: Stage):
    with running.shop("capped") as shop:
        quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}}
        shop.client.create({**quota, "spec": {"hard": {f"count/{stages.MOVES}": "0"}}}, "capped")
        shop.set_policy("Auto")
        shop.wait_for_plan("Executing")

        shop.set_policy("Observe", "later", workloads={"kinds": ["StatefulSet"]})

        shop.wait(lambda: shop.status("later"), "status of another policy", shop.state)
        assert (evicted(shop), shop.moves()) == (0, [])


def test_bytes_are_not_available_from_hubble_alone(running: Stage):
    with running.shop("metered") as shop:
        shop.set_policy("Auto", objective="bytes")

        shop.wait_for_condition("Ready", "False", "UnitUnavailable")
        running.rest()
        assert (evicted(shop), shop.moves()) == (0, [])


@pytest.fixture
def apart(running: Stage) -> Iterator[tuple[Shop, Shop]]:
    left, right = (running.shop(name, zones) for name, zones in APART.items())
    with left as one, right as other:
        yield one, other


def test_traffic_across_namespaces_attracts_only_with_the_consent_of_both(
    running: Stage, apart: tuple[Shop, Shop]
):
    left, right = apart
    left.set_policy("Auto", peers=[{"namespace": "right"}])
    right.set_policy("Auto")
    for shop in apart:
        shop.wait_for_condition("Ready", "True", "NothingToGain")
    running.rest()
    assert (evicted(left), evicted(right)) == (0, 0)

    right.set_policy("Auto", peers=[{"namespace": "left"}])

    left.wait(lambda: left.moves() or right.moves(), "moves", left.state)
    wait_for_landings(left if left.moves() else right)


def test_without_the_admission_policy_nothing_is_moved_and_the_policy_says_why(stage: Stage):
    client = stage.plane.client
    stage.stop_operator()
    (name,) = (found["metadata"]["name"] for found in client.list(MUTATION))
    mutation = client.get(MUTATION, name)
    client.delete(MUTATION, name)
    try:
        stage.start_operator()
        with stage.shop("unhinted") as shop:
            shop.set_policy("Auto")
            shop.wait_for_condition("Stalled", "True", "HintsNotApplied")
            stage.rest()
            assert (evicted(shop), shop.moves()) == (0, [])
    finally:
        about = {key: mutation["metadata"][key] for key in ("name", "labels", "annotations")}
        client.create({**mutation, "metadata": about})
        stage.stop_operator()
