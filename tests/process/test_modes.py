"""What each mode does to a cluster: Observe reports, Propose asks, Auto moves and proves itself."""

import time

import pytest

from process import stages
from process.stages import Shop, Stage

pytestmark = pytest.mark.controlplane

ALWAYS = {"affinitypolicies/status", "flowsources/status", "events", "leases"}
UNMADE = "sha256:" + "0" * 64


def approved(stage: Stage, shop: Shop) -> str:
    """Approve the open plan of a shop; its name."""
    plan = shop.wait_for_plan("Proposed")
    answer = stage.approve(plan["metadata"]["name"], plan["spec"]["digest"])
    assert answer.returncode == 0, answer.stderr
    return str(plan["metadata"]["name"])


def targets(plan) -> list[str]:
    return sorted(move["to"] for move in plan["spec"]["moves"])


def test_a_policy_that_observes_reports_and_writes_nothing_but_what_it_saw(running: Stage):
    with running.shop("watched") as shop:
        since = time.time()
        shop.set_policy("Observe")
        shop.wait(lambda: shop.status().get("movesProposed"), "moves", shop.status)
        running.rest()

        assert shop.condition("Ready") == ("True", "MovesFound")
        assert shop.status()["current"]["cost"] > 0
        assert shop.status()["current"]["beyond"] == 0
        assert running.writes(since) - ALWAYS == set()
        assert sum(shop.evictions().values()) == 0
        assert shop.hinted() == {}


def test_a_plan_that_was_proposed_waits_for_the_digest_and_is_then_carried_out(running: Stage):
    with running.shop("asked") as shop:
        before = stages.price(shop)
        shop.set_policy("Propose")
        plan = shop.wait_for_plan("Proposed")
        shop.wait_for_condition("PlanPending", "True", "AwaitsApproval")
        name = plan["metadata"]["name"]

        wrong = running.approve(name, UNMADE)

        assert (wrong.returncode, "digest" in wrong.stderr) == (1, True), wrong.stderr
        assert shop.condition("Ready")[0] == "True"
        assert shop.moves() == []
        assert sum(shop.evictions().values()) == 0
        right = running.approve(name, plan["spec"]["digest"])
        assert right.returncode == 0, right.stderr
        done = shop.wait_for_plan("Done", name=name)
        assert done["status"]["progress"]["landed"] == len(plan["spec"]["moves"]), shop.moves()
        assert sum(shop.evictions().values()) == len(plan["spec"]["moves"])
        assert stages.price(shop) < before


def test_nobody_approves_without_the_right_to(running: Stage):
    with running.shop("guarded") as shop:
        role = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "plan-patcher"},
            "rules": [
                {
                    "apiGroups": ["shorthaul.dev"],
                    "resources": ["placementplans"],
                    "verbs": ["get", "patch", "update"],
                }
            ],
        }
        shop.client.create(role)
        patcher = running.person("guarded", "patcher", "plan-patcher")
        approver = running.person("guarded", "approver", "shorthaul-approver")
        shop.set_policy("Propose")
        plan = shop.wait_for_plan("Proposed")
        name, digest = plan["metadata"]["name"], plan["spec"]["digest"]

        refused = running.approve(name, digest, patcher)
        nor_the_operator = running.approve(name, digest, shop.kubeconfig())
        granted = running.approve(name, digest, approver)

        assert refused.returncode == 1
        assert "may not approve plan" in refused.stderr
        assert nor_the_operator.returncode == 1
        assert granted.returncode == 0, granted.stderr
        shop.wait_for_plan("Done", name=name)


def test_a_plan_that_nobody_approves_expires(running: Stage):
    with running.shop("expiring") as shop:
        shop.set_policy("Propose", approval={"expirySeconds": 10})
        first = shop.wait_for_plan("Proposed")

        expired = shop.wait_for_plan("Expired", name=first["metadata"]["name"])
        late = running.approve(first["metadata"]["name"], first["spec"]["digest"])

        assert expired["status"]["reason"] == "Expired"
        assert "only a plan that is Proposed can be approved" in late.stderr
        assert sum(shop.evictions().values()) == 0


def test_a_plan_whose_pod_is_deleted_meanwhile_is_superseded(running: Stage):
    with running.shop("stale") as shop:
        shop.set_policy("Propose")
        plan = shop.wait_for_plan("Proposed")
        shop.client.delete("pods", plan["spec"]["moves"][0]["pod"], "stale")

        found = shop.wait_for_plan("Superseded", name=plan["metadata"]["name"])

        assert found["status"]["reason"] == "PodsChanged"
        assert sum(shop.evictions().values()) == 0
