"""Auto moves pods to where they were meant to go, proves it, and rollouts stay there afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from faults.fault_worlds import Object, budget, wait_for_budget
from faults.operator_worlds import refuted
from process import stages
from process.stages import Shop, Stage

pytestmark = pytest.mark.controlplane

APPS = {"web": 0, "cart": 1, "store": 1}
REPLICAS = 2
LEAST_HOSTS = 2
KEPT = 0.8


@pytest.fixture(scope="module")
def gathered(stage: Stage) -> Iterator[tuple[Shop, float]]:
    """A shop that was gathered in mode Auto, and what its traffic cost before."""
    stage.start_operator()
    with stage.shop("acting", APPS) as shop:
        for app in APPS:
            shop.client.create(budget(app, app, maxUnavailable=1), shop.namespace)
            wait_for_budget(shop, app, allowed=1)
        before = stages.price(shop)
        shop.set_policy("Auto", availability={"leastHosts": LEAST_HOSTS})
        shop.wait(lambda: shop.condition("Ready")[1] == "NothingToGain", "rest", shop.state)
        yield shop, before


def test_moves_land_where_they_were_hinted_to(gathered: tuple[Shop, float]):
    shop, before = gathered

    moves = shop.wait(lambda: shop.moves() if shop.is_still() else [], "moves' end", shop.state)

    assert {move["status"]["phase"] for move in moves} == {"Landed"}, moves
    assert [move["status"]["replacement"]["node"] for move in moves] == [
        move["spec"]["to"] for move in moves
    ]
    assert shop.evictions() == {move["spec"]["pod"]["uid"]: 1 for move in moves}
    assert stages.price(shop) < before


def test_no_disruption_budget_was_breached(gathered: tuple[Shop, float]):
    shop, _ = gathered
    asked = [
        event
        for event in shop.plane.evictions()
        if event["objectRef"]["namespace"] == shop.namespace and "dryRun" not in event["requestURI"]
    ]

    assert {event["responseStatus"]["code"] for event in asked} <= {201, 429}
    for app in APPS:
        assert len(shop.ready_pods(app)) == REPLICAS


def test_what_was_gained_is_held_against_the_promise(gathered: tuple[Shop, float]):
    """Every plan by itself: one that follows another is not measured by the traffic before it."""
    shop, _ = gathered

    def verified() -> list[Object]:
        """The plans that are done, by their beginning, once there is a verdict on each."""
        done = [plan for plan in shop.plans() if plan["status"].get("phase") == "Done"]
        judged = all(plan["status"].get("verification") for plan in done)
        return sorted(done, key=lambda plan: str(plan["status"]["startedAt"])) if judged else []

    plans = shop.wait(verified, "a verdict on every plan that is done", shop.state)
    ratios = [plan["status"]["verification"]["ratio"] for plan in plans]

    assert ratios[0] > KEPT, "the first plan gathers a shop that stood apart, far above the noise"
    assert not [plan for plan in plans if refuted(plan)], shop.state()
    shop.wait(
        lambda: shop.status().get("verification", {}).get("ratios") == ratios,
        "these verdicts in the policy's status",
        shop.state,
    )
    assert shop.condition("Paused") == ("", "")


def test_after_every_rollout_what_was_gathered_stays_together(gathered: tuple[Shop, float]):
    shop, before = gathered
    gain = before - stages.price(shop)
    assert set(shop.hinted()) == {f"Deployment.{app}" for app in APPS}

    for app in APPS:
        roll_out(shop, app)

    places = {app: shop.nodes_of(app) for app in APPS}
    assert before - stages.price(shop) >= KEPT * gain, places
    assert all(len(set(nodes)) >= LEAST_HOSTS for nodes in places.values()), places


def roll_out(shop: Shop, app: str) -> None:
    """What `kubectl rollout restart` does, until it is over."""
    stamp = {"kubectl.kubernetes.io/restartedAt": uuid.uuid4().hex}
    change = {"spec": {"template": {"metadata": {"annotations": stamp}}}}
    shop.client.patch("deployments.apps", app, change, shop.namespace)

    def is_over() -> bool:
        found = shop.client.get("deployments.apps", app, shop.namespace)
        status = found["status"]
        return (
            status["observedGeneration"] == found["metadata"]["generation"]
            and status.get("updatedReplicas") == status.get("replicas") == REPLICAS
            and status.get("readyReplicas") == REPLICAS
        )

    shop.wait(is_over, f"the end of the rollout of {app}")
    shop.wait_until_ready(app, REPLICAS)
