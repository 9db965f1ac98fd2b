"""What the world may say no to while a move is under way, on a real control plane.

Each test runs the executor as a process until it ends by itself; the API server's audit log says
what was evicted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from faultproxy.faults import Answer, Aside
from faultproxy.proxies import FaultProxy
from faults.children import Child
from faults.fault_worlds import (
    PATIENCE_SECONDS,
    SYSTEM,
    World,
    add_node,
    budget,
    deployment,
    driver,
    fresh_world,
    wait_for_budget,
)
from testbed import controlplanes

pytestmark = pytest.mark.controlplane

SHORT = "--landing-seconds=30"


def writes_phase(phase: str) -> Callable[[str, str, bytes], bool]:
    """Whether a request writes that phase of a move."""

    def matches(method: str, path: str, body: bytes) -> bool:
        if method != "PATCH" or "/podmoves/" not in path:
            return False
        return bool(json.loads(body).get("status", {}).get("phase") == phase)

    return matches


def is_eviction(method: str, path: str) -> bool:
    return method == "POST" and path.endswith("/eviction")


def carry_out(world: World, proxy: FaultProxy, log: Path, *options: str) -> str:
    """Runs the executor to its end and returns what it logged."""
    child = Child(driver(world, proxy.address, *options), log)
    child.start()
    assert child.wait(PATIENCE_SECONDS) == 0, child.text()
    return child.text()


def refused(world: World, name: str) -> str:
    """The reason of a refused move, after making sure that nothing was evicted."""
    status = world.move(name)["status"]
    assert (status["phase"], world.evictions().total()) == ("Refused", 0), status
    return str(status["reason"])


def test_a_budget_that_allows_nothing_is_waited_for_and_then_refuses_the_move(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    with fresh_world(fault_plane, deployment("cart"), budget("cart", "cart", minAvailable=2)) as w:
        wait_for_budget(w, "cart", allowed=0)
        name = w.order_move("Deployment", "cart")

        carry_out(w, proxy, log, SHORT)

        assert refused(w, name) == "BlockedByBudget"
        assert "needs 2 healthy pods and has 2" in w.move(name)["status"]["message"]


def test_a_budget_that_is_loosened_in_time_lets_the_move_go_on(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    with fresh_world(fault_plane, deployment("cart"), budget("cart", "cart", minAvailable=2)) as w:
        wait_for_budget(w, "cart", allowed=0)
        name = w.order_move("Deployment", "cart")
        child = Child(driver(w, proxy.address), log)
        child.start()
        w.client.wait_for(
            lambda: w.move(name).get("status", {}).get("reason") == "BlockedByBudget",
            what="the budget to be told of",
        )
        w.client.patch(
            "poddisruptionbudgets.policy", "cart", {"spec": {"minAvailable": 1}}, w.namespace
        )

        assert child.wait(PATIENCE_SECONDS) == 0, child.text()
        assert (w.phase(name), w.evictions()[w.moved[name]]) == ("Landed", 1)


def test_a_pod_under_two_budgets_is_not_moved(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    budgets = [budget(name, "cart", minAvailable=1) for name in ("one", "two")]
    with fresh_world(fault_plane, deployment("cart"), *budgets) as w:
        for one in ("one", "two"):
            wait_for_budget(w, one, allowed=1)
        name = w.order_move("Deployment", "cart")

        carry_out(w, proxy, log)

        assert refused(w, name) == "SeveralBudgets"


def test_a_target_that_is_cordoned_or_gone_refuses_the_move(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    with fresh_world(fault_plane, deployment("cart"), deployment("till")) as w:
        cordoned, gone = w.order_move("Deployment", "cart"), w.order_move("Deployment", "till")
        first, second = (w.move(name)["spec"]["to"] for name in (cordoned, gone))
        w.client.patch("nodes", first, {"spec": {"unschedulable": True}})
        if second != first:
            w.client.delete("nodes", second)
        try:
            carry_out(w, proxy, log)
        finally:
            w.client.patch("nodes", first, {"spec": {"unschedulable": False}})
            if second != first:
                add_node(w.plane, second)

        assert refused(w, cordoned) == "TargetCordoned"
        assert refused(w, gone) == ("TargetGone" if second != first else "TargetCordoned")


def test_a_target_that_is_deleted_in_mid_move_lands_the_pod_elsewhere(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    with fresh_world(fault_plane, deployment("cart")) as w:
        name = w.order_move("Deployment", "cart")
        target = w.move(name)["spec"]["to"]
        proxy.aside(Aside(writes_phase("Evicting"), lambda: w.client.delete("nodes", target)))
        try:
            carry_out(w, proxy, log)
        finally:
            add_node(w.plane, target)

        status = w.move(name)["status"]
        assert (status["phase"], status["reason"]) == ("Elsewhere", "LandedElsewhere")
        assert w.evictions()[w.moved[name]] == 1


@pytest.mark.parametrize("phase", ["Hinted", "Checked", "Evicting"])
def test_the_kill_switch_stops_a_move_until_the_moment_of_its_eviction(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path, phase: str
):
    def switch(value: str | None) -> None:
        change = {"metadata": {"annotations": {"shorthaul.dev/pause": value}}}
        fault_plane.client.patch("namespaces", SYSTEM, change)

    with fresh_world(fault_plane, deployment("cart")) as w:
        name = w.order_move("Deployment", "cart")
        proxy.aside(Aside(writes_phase(phase), lambda: switch("incident 7")))
        try:
            carry_out(w, proxy, log)
        finally:
            switch(None)

        assert refused(w, name) == "KillSwitch"


def test_a_pod_that_somebody_else_ended_is_not_evicted_again(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    with fresh_world(fault_plane, deployment("cart")) as w:
        name = w.order_move("Deployment", "cart")
        pod = w.move(name)["spec"]["pod"]["name"]
        end = Aside(writes_phase("Checked"), lambda: w.client.delete("pods", pod, w.namespace))
        proxy.aside(end)

        carry_out(w, proxy, log)

        assert refused(w, name) in ("PodGone", "PodEnding")


def test_a_workload_that_is_deleted_after_the_eviction_fails_the_move(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    with fresh_world(fault_plane, deployment("cart")) as w:
        name = w.order_move("Deployment", "cart")
        w.client.patch("deployments.apps", "cart", {"spec": {"paused": True}}, w.namespace)
        delete = lambda: w.client.delete("deployments.apps", "cart", w.namespace)  # noqa: E731
        proxy.aside(Aside(writes_phase("Evicting"), delete))

        carry_out(w, proxy, log)

        status = w.move(name)["status"]
        assert status["phase"] in ("Failed", "Refused"), status
        assert status["reason"] in ("WorkloadGone", "PodGone", "PodEnding")
        assert w.evictions().total() <= 1


def test_a_rollout_that_starts_in_mid_move_does_not_confuse_it(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    with fresh_world(fault_plane, deployment("cart")) as w:
        name = w.order_move("Deployment", "cart")
        mark = {"spec": {"template": {"metadata": {"annotations": {"version": "2"}}}}}
        roll = lambda: w.client.patch("deployments.apps", "cart", mark, w.namespace)  # noqa: E731
        proxy.aside(Aside(writes_phase("Evicting"), roll))

        carry_out(w, proxy, log)

        assert w.phase(name) in ("Landed", "Elsewhere", "Refused")
        assert w.evictions().total() == (0 if w.phase(name) == "Refused" else 1)
        w.wait_until_ready("cart", 2)


def test_moves_that_are_deleted_just_end(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    with fresh_world(fault_plane, deployment("cart"), deployment("till")) as w:
        w.order_move("Deployment", "cart")
        gone = lambda: w.client.delete("podmoves.shorthaul.dev", name, w.namespace)  # noqa: E731
        name = w.order_move("Deployment", "till")
        proxy.aside(Aside(writes_phase("Hinted"), gone))

        text = carry_out(w, proxy, log)

        assert "Traceback" not in text


@pytest.mark.parametrize(
    "answer",
    [
        Answer(is_eviction, 429, "TooManyRequests", headers={"Retry-After": "1"}),
        Answer(is_eviction, 409, "Conflict"),
        Answer(is_eviction, 409, "Conflict", times=2),
        Answer(is_eviction, 500, "InternalError", times=2),
        Answer(is_eviction, 503, "ServiceUnavailable"),
        Answer(lambda method, path: "/podmoves/" in path, 409, "Conflict", times=2),
        Answer(lambda method, path: "/podmoves/" in path, 503, "ServiceUnavailable", times=2),
        Answer(lambda method, path: method == "GET" and "/pods/" in path, 500, "Internal", times=2),
        Answer(lambda method, path: "/placementhints" in path, 500, "InternalError", times=2),
    ],
    ids=lambda answer: f"{answer.status} x{answer.times}",
)
def test_answers_that_mean_try_again_end_in_one_eviction(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path, answer: Answer
):
    with fresh_world(fault_plane, deployment("cart")) as w:
        name = w.order_move("Deployment", "cart")
        proxy.answer(answer)

        text = carry_out(w, proxy, log)

        assert (w.phase(name), w.evictions()[w.moved[name]]) == ("Landed", 1), text


def test_a_missing_right_refuses_the_move_with_the_servers_words(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, log: Path
):
    words = 'User "x" cannot create resource "pods/eviction" in API group "" in the namespace "y"'
    with fresh_world(fault_plane, deployment("cart")) as w:
        name = w.order_move("Deployment", "cart")
        proxy.answer(Answer(is_eviction, 403, "Forbidden", message=words))

        carry_out(w, proxy, log)

        assert refused(w, name) == "EvictionDenied"
        assert words in w.move(name)["status"]["message"]
