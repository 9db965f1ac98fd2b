"""The whole operator, as `python -m shorthaul operator`, is killed at every kind of write it makes.

It plans by itself here: two pairs of workloads that talk stand in two zones, and a policy lets the
operator gather them. Each process is killed at the first write of a kind at which none was killed
before, and is started again, from the making of the plan to the verdict on it. It dies before the
request is sent, after the API server has committed it but before the reply, or after the reply;
each kind has another of these in each of three turns. One turn is run as a rule, since it takes
minutes, and all with SHORTHAUL_CRASH_TURNS=3; `test_crashes` has the executor die at all three
points of each of its writes. What was committed is not written again, and so hides the event that
would follow; therefore the workloads are brought apart once more and a second plan is carried out.

At the end stands what a run without a crash would have come to, by the API server's audit log.
"""

from __future__ import annotations

import os
import signal
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from faultproxy.faults import Call, Point
from faultproxy.proxies import FaultProxy
from faults.fault_worlds import ACCOUNT, ENDS, PATIENCE_SECONDS, SYSTEM, World
from faults.gatherings import (
    APPS,
    CONCURRENT,
    PAIRS,
    PLANS,
    PODMOVES,
    SOURCES,
    bring_apart,
    done_plans,
    gathering,
    plans,
    run_until_gathered,
)
from faults.operator_worlds import refuted
from faults.write_kinds import OWN_WRITES, kind_of
from testbed import controlplanes

pytestmark = pytest.mark.controlplane

POLICIES = "affinitypolicies.shorthaul.dev"
WRITES = OWN_WRITES | {f"placementhints in the shop changed for Deployment.{app}" for app in APPS}
POINTS = tuple(Point)
TURNS = int(os.environ.get("SHORTHAUL_CRASH_TURNS", "1"))
MOST_KILLS = 60


@dataclass
class Trials:
    """The kinds of writes at which a process was killed; the first of each kind is fatal."""

    shop: str
    turn: int
    tried: list[str] = field(default_factory=list)
    leads: bool = False

    def begin(self) -> None:
        """Another process starts."""
        self.leads = False

    def choose(self, call: Call, body: bytes) -> Point | None:
        """Where the first write of a kind is fatal; None for all others."""
        kind = kind_of(call, body, self.shop, leads=self.leads)
        self.leads = self.leads or kind.startswith("leases")
        if kind in self.tried:
            return None
        self.tried.append(kind)
        return POINTS[(zlib.crc32(kind.encode()) + self.turn) % len(POINTS)]


def accepted_phases(world: World) -> list[tuple[str, str]]:
    """Every status of a move that the API server took: which move, which phase; oldest first."""
    return [
        (str(event["objectRef"]["name"]), str(event["requestObject"]["status"]["phase"]))
        for event in world.plane.audit_events()
        if event.get("objectRef", {}).get("resource") == "podmoves"
        and event["objectRef"].get("subresource") == "status"
        and event["objectRef"]["namespace"] == world.namespace
        and event["responseStatus"]["code"] == 200
    ]


def most_at_once(world: World, workloads: dict[str, str]) -> tuple[int, int]:
    """How many moves were ever under way at once: of all, and of one workload."""
    running: set[str] = set()
    most, most_of_one = 0, 0
    for name, phase in accepted_phases(world):
        (running.discard if phase in ENDS else running.add)(name)
        most = max(most, len(running))
        counts = Counter(workloads[name] for name in running)
        most_of_one = max(most_of_one, *counts.values(), 0)
    return most, most_of_one


def evictors(world: World) -> set[str]:
    return {
        str(event["user"]["username"])
        for event in world.plane.evictions()
        if event["objectRef"]["namespace"] == world.namespace
    }


def still_reconciling(world: World) -> list[str]:
    made = [*plans(world), *world.client.list(SOURCES)]
    made += world.client.list(PODMOVES, world.namespace)
    made += world.client.list(POLICIES, world.namespace)
    return [
        str(one["metadata"]["name"])
        for one in made
        for condition in one["status"]["conditions"]
        if (condition["type"], condition["status"]) == ("Reconciling", "True")
    ]


def hinted_nodes(world: World) -> dict[str, set[str]]:
    """The nodes that the next pods of each hinted workload prefer most."""
    hint = world.client.get("placementhints.shorthaul.dev", "active", world.namespace)
    return {
        key.partition(".")[2]: set(found["terms"][0]["values"])
        for key, found in hint["spec"]["workloads"].items()
    }


@pytest.mark.parametrize("turn", range(TURNS))
def test_killed_at_every_kind_of_write_the_operator_neither_loses_nor_repeats_a_move(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, tmp_path: Path, turn: int
):
    with gathering(fault_plane, proxy, tmp_path) as (world, child):
        trials = Trials(world.namespace, turn)

        def start() -> None:
            assert len(trials.tried) < MOST_KILLS, trials.tried
            trials.begin()
            proxy.kill_when(trials.choose, child.kill)
            child.start()

        run_until_gathered(world, child, start)
        child.kill()
        before = len(done_plans(world))
        bring_apart(world)
        run_until_gathered(world, child, start, after=before)

        # One that was on its way while its process died at another passes, and may not come again.
        missed = WRITES - set(trials.tried)
        assert len(missed) <= 1, missed
        check_end(world, least_moves=2 * len(PAIRS))


@pytest.mark.parametrize("kind", ["podmoves/status Landed", "placementplans/status Done"])
def test_a_plan_is_finished_and_verified_though_the_windows_of_before_are_lost(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy, tmp_path: Path, kind: str
):
    def choose(call: Call, body: bytes) -> Point | None:
        return Point.AFTER_REPLY if kind_of(call, body, "", leads=True) == kind else None

    with gathering(fault_plane, proxy, tmp_path, from_beginning=False) as (world, child):
        proxy.kill_when(choose, child.kill)
        child.start()
        assert child.wait(PATIENCE_SECONDS) == -signal.SIGKILL, child.text()[-5000:]
        [before] = plans(world)

        child.start()
        run_until_gathered(world, child, lambda: pytest.fail(child.text()[-5000:]))

        plan = world.client.get(PLANS, before["metadata"]["name"])
        assert plan["status"]["baseline"] == before["status"]["baseline"]
        check_end(world, least_moves=len(PAIRS))


def check_end(world: World, *, least_moves: int) -> None:
    """What has to hold however often the operator was killed on the way."""
    moves = {
        move["metadata"]["name"]: move for move in world.client.list(PODMOVES, world.namespace)
    }
    statuses = [move["status"] for move in moves.values()]
    assert len(moves) >= least_moves
    assert {status["phase"] for status in statuses} == {"Landed"}, statuses
    ended = Counter(name for name, phase in accepted_phases(world) if phase in ENDS)
    assert ended == dict.fromkeys(moves, 1)
    moved = [move["spec"]["pod"]["uid"] for move in moves.values()]
    assert dict(world.evictions()) == dict.fromkeys(moved, 1)
    assert evictors(world) == {f"system:serviceaccount:{SYSTEM}:{ACCOUNT}"}
    done = done_plans(world)
    assert sorted(moved) == sorted(move["uid"] for plan in done for move in plan["spec"]["moves"])

    most, most_of_one = most_at_once(
        world, {name: move["spec"]["workload"]["name"] for name, move in moves.items()}
    )
    assert (most <= CONCURRENT, most_of_one) == (True, 1), (most, most_of_one)
    spent = world.client.get(POLICIES, "near", world.namespace)["status"]["budgets"]["moves"]
    assert len(spent) == len(moved)

    assert still_reconciling(world) == []
    assert not [plan for plan in done if refuted(plan)], done
    hinted = hinted_nodes(world)
    assert set(hinted) == set(APPS)
    for app in APPS:
        world.wait_until_ready(app, 2)
        assert hinted[app] == {pod["spec"]["nodeName"] for pod in world.pods(app)}
