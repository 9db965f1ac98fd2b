"""What changes between a plan and its evictions, with the whole operator: the reference sees it.

The operator plans by itself, as in `test_operator_crashes`. When a move has come to a certain
request, the cluster is changed; the API server's audit log says what was evicted all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from faultproxy.faults import Answer, Aside
from faultproxy.proxies import FaultProxy
from faults.children import Child
from faults.fault_worlds import ENDS, NODES, PATIENCE_SECONDS, Object, World, add_node
from faults.gatherings import PLANS, PODMOVES, are_gathered, gathering
from faults.test_refusals import is_eviction, writes_phase
from testbed import controlplanes

pytestmark = pytest.mark.controlplane

TAINT = {"key": "shorthaul.test/drained", "value": "true", "effect": "NoSchedule"}


@dataclass
class Meddler:
    """Does something to the cluster once, when the first move has come to a request."""

    world: World
    change: Callable[[Object], None]
    move: Object = field(default_factory=dict)

    def at_phase(self, phase: str) -> Aside:
        """Before a move is told to be in a phase."""

        def matches(method: str, path: str, body: bytes) -> bool:
            if not writes_phase(phase)(method, path, body):
                return False
            self.move = self.world.move(path.partition("/podmoves/")[2].partition("/")[0])
            return True

        return Aside(matches, lambda: self.change(self.move))

    def at_eviction(self) -> Aside:
        """Before a pod is evicted, which by then nothing can stop."""

        def matches(method: str, path: str, body: bytes) -> bool:
            if not (is_eviction(method, path) and f"/{self.world.namespace}/" in path):
                return False
            [self.move] = (
                move
                for move in self.world.client.list(PODMOVES, self.world.namespace)
                if f"/pods/{move['spec']['pod']['name']}/" in path
            )
            return True

        return Aside(matches, lambda: self.change(self.move))

    def rehearses(self, method: str, path: str) -> bool:
        """Whether a request rehearses the eviction of that move's pod."""
        victim = self.move["spec"]["pod"]["name"] if self.move else ""
        return method == "POST" and f"/pods/{victim}/eviction?" in path and "dryRun" in path

    def ended(self) -> Object | None:
        """That move once it has ended."""
        found = self.world.move(self.move["metadata"]["name"]) if self.move else {}
        return found if found.get("status", {}).get("phase") in ENDS else None


def taint(world: World, *taints: Object) -> None:
    """Gives all nodes these taints and no others."""
    for name in NODES:
        world.client.patch("nodes", name, {"spec": {"taints": list(taints)}})


def wait(world: World, child: Child, condition: Callable[[], Any], what: str) -> Any:
    """Waits while the operator runs, which is started again as the kubelet would."""

    def running() -> Any:
        if not child.is_running:
            child.start()
        return condition()

    return world.client.wait_for(running, timeout_seconds=PATIENCE_SECONDS, what=what)


def test_a_taint_that_comes_between_a_plan_and_its_eviction_refuses_the_move_until_it_is_gone(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, tmp_path: Path
):
    with gathering(fault_plane, proxy, tmp_path) as (world, child):
        meddler = Meddler(world, lambda _: taint(world, TAINT))
        proxy.aside(meddler.at_phase("Hinted"))
        # Its rehearsal is put off once, so that the operator has time to see the taint.
        proxy.answer(Answer(meddler.rehearses, 429, "Busy", headers={"Retry-After": "5"}))
        try:
            refused = wait(world, child, meddler.ended, "the end of the first move")
            evicted = world.evictions()
        finally:
            taint(world)

        status, pod = refused["status"], refused["spec"]["pod"]
        assert (status["phase"], status["reason"]) == ("Refused", "TaintNotTolerated"), status
        shown = f"{TAINT['key']}={TAINT['value']}:{TAINT['effect']}"
        assert status["message"] == (
            f"pod {world.namespace}/{pod['name']} does not tolerate taint {shown} "
            f"of node {refused['spec']['to']}"
        )
        assert evicted[pod["uid"]] == 0

        wait(world, child, lambda: are_gathered(world), "pairs that are together")
        assert set(world.evictions().values()) == {1}
        assert world.move(refused["metadata"]["name"])["status"] == status


def test_a_target_that_is_deleted_in_mid_move_ends_the_move_elsewhere_and_the_plan_as_done(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, tmp_path: Path
):
    with gathering(fault_plane, proxy, tmp_path) as (world, child):
        delete = lambda move: world.client.delete("nodes", move["spec"]["to"])  # noqa: E731
        meddler = Meddler(world, delete)
        proxy.aside(meddler.at_eviction())
        try:
            move = wait(world, child, meddler.ended, "the end of the first move")
        finally:
            if meddler.move:
                add_node(fault_plane, meddler.move["spec"]["to"])

        status, target = move["status"], move["spec"]["to"]
        assert (status["phase"], status["reason"]) == ("Elsewhere", "LandedElsewhere"), status
        assert status["replacement"]["node"] in set(NODES) - {target}
        assert world.evictions()[move["spec"]["pod"]["uid"]] == 1

        wait(world, child, lambda: plan_phase(world, move["spec"]["plan"]) == "Done", "plan done")
        assert set(world.evictions().values()) == {1}


def plan_phase(world: World, name: str) -> str:
    return str(world.client.get(PLANS, name).get("status", {}).get("phase", ""))
