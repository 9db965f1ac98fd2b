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

import contextlib
import os
import signal
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from faultproxy.faults import Call, Point
from faultproxy.proxies import FaultProxy
from faults.children import Child
from faults.fault_worlds import (
    ACCOUNT,
    ENDS,
    NODES,
    PATIENCE_SECONDS,
    SYSTEM,
    Object,
    World,
    budget,
    fresh_world,
)
from faults.operator_worlds import (
    cordon,
    flow_source,
    operator,
    place_apart,
    playing,
    policy,
    refuted,
    talk,
)
from faults.write_kinds import OWN_WRITES, kind_of
from testbed import controlplanes

pytestmark = pytest.mark.controlplane

PODMOVES, PLANS = "podmoves.shorthaul.dev", "placementplans.shorthaul.dev"
POLICIES, SOURCES = "affinitypolicies.shorthaul.dev", "flowsources.shorthaul.dev"
PAIRS = (("web", "store"), ("till", "bank"))
APPS = tuple(app for pair in PAIRS for app in pair)
WRITES = OWN_WRITES | {f"placementhints in the shop changed for Deployment.{app}" for app in APPS}
POINTS = tuple(Point)
TURNS = int(os.environ.get("SHORTHAUL_CRASH_TURNS", "1"))
CONCURRENT = 2
QUIET_SECONDS = 4.0
PAUSE_SECONDS = 1.0
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


def plans(world: World) -> list[Object]:
    return world.client.list(PLANS)


def done_plans(world: World) -> list[Object]:
    return [plan for plan in plans(world) if plan.get("status", {}).get("phase") == "Done"]


def has_ended(world: World, count: int) -> bool:
    """Whether that many plans were carried out and verified, and nothing else is open."""
    found = [plan.get("status", {}) for plan in plans(world)]
    done = [status for status in found if status.get("phase") == "Done"]
    if len(done) < count or not all("verification" in status for status in done):
        return False
    moves = world.client.list(PODMOVES, world.namespace)
    return all(move.get("status", {}).get("phase") in ENDS for move in moves) and all(
        status.get("phase") in ("Done", "Superseded") for status in found
    )


def run_until_ended(world: World, child: Child, start: Callable[[], None], count: int) -> None:
    """Start the operator again whenever it was killed, until all is done and nothing new comes.

    What one plan leaves to be gained, and pairs that no flow was seen of yet, another may gather.
    """
    started = quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < QUIET_SECONDS:
        is_late = time.monotonic() - started > PATIENCE_SECONDS
        assert not is_late, (plans(world), child.text()[-5000:])
        if not child.is_running:
            started = time.monotonic()
            start()
        if not child.lives(PAUSE_SECONDS) or not has_ended(world, count):
            quiet_since = time.monotonic()


def bring_apart(world: World) -> None:
    """Send clients and servers back to the zones where they began, with nobody to gather them."""
    for index, closed in enumerate((NODES[2:], NODES[:2])):
        cordon(world, closed, True)
        for app in (pair[index] for pair in PAIRS):
            for pod in world.pods(app):
                if pod["spec"]["nodeName"] in closed:
                    world.client.delete("pods", pod["metadata"]["name"], world.namespace)
        for app in APPS:
            world.wait_until_ready(app, 2)
        cordon(world, closed, False)


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


@contextlib.contextmanager
def gathering(
    plane: controlplanes.ControlPlane,
    proxy: FaultProxy,
    folder: Path,
    *,
    from_beginning: bool = True,
) -> Iterator[tuple[World, Child]]:
    """Pairs of workloads apart, traffic between them, a policy, and an operator to be started."""
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(fresh_world(plane))
        place_apart(world, PAIRS)
        for app in APPS:
            world.client.create(budget(app, app, minAvailable=1), world.namespace)
        talks = [
            talk(f"{world.namespace}/{client}", f"{world.namespace}/{server}", rate=5)
            for client, server in PAIRS
        ]
        exports = stack.enter_context(playing(plane, folder, talks))
        command = operator(world, proxy.address, "--landing-seconds=3600")
        child = Child(command, folder / "operator.log")
        stack.callback(forget_plans, world)
        stack.callback(child.end)
        world.client.create(flow_source(exports, from_beginning=from_beginning))
        stack.callback(world.client.delete, SOURCES, "hubble")
        world.client.create(policy(CONCURRENT), world.namespace)
        yield world, child


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

        run_until_ended(world, child, start, count=1)
        child.kill()
        before = len(done_plans(world))
        bring_apart(world)
        run_until_ended(world, child, start, count=before + 1)

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
        run_until_ended(world, child, lambda: pytest.fail(child.text()[-5000:]), count=1)

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


def forget_plans(world: World) -> None:
    """Plans have no namespace to go with; the next test has to find none."""
    for plan in plans(world):
        world.client.delete(PLANS, plan["metadata"]["name"])
