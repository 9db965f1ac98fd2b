"""Two pairs of workloads that talk and stand apart, and an operator that gathers them by itself."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from faultproxy.proxies import FaultProxy
from faults.children import Child
from faults.fault_worlds import ENDS, NODES, PATIENCE_SECONDS, Object, World, budget, fresh_world
from faults.operator_worlds import (
    cordon,
    flow_source,
    operator,
    place_apart,
    playing,
    policy,
    talk,
)
from testbed import controlplanes

PODMOVES, PLANS = "podmoves.shorthaul.dev", "placementplans.shorthaul.dev"
SOURCES = "flowsources.shorthaul.dev"
PAIRS = (("web", "store"), ("till", "bank"))
APPS = tuple(app for pair in PAIRS for app in pair)
ZONES = (set(NODES[:2]), set(NODES[2:]))
CONCURRENT = 2
QUIET_SECONDS = 4.0
PAUSE_SECONDS = 1.0


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


def forget_plans(world: World) -> None:
    """Plans have no namespace to go with; the next test has to find none."""
    for plan in plans(world):
        world.client.delete(PLANS, plan["metadata"]["name"])


def plans(world: World) -> list[Object]:
    return world.client.list(PLANS)


def done_plans(world: World) -> list[Object]:
    return [plan for plan in plans(world) if plan.get("status", {}).get("phase") == "Done"]


def has_ended(world: World, after: int) -> bool:
    """Whether more plans than so many were carried out and verified, and nothing else is open."""
    found = [plan.get("status", {}) for plan in plans(world)]
    done = [status for status in found if status.get("phase") == "Done"]
    if len(done) <= after or not all("verification" in status for status in done):
        return False
    moves = world.client.list(PODMOVES, world.namespace)
    return all(move.get("status", {}).get("phase") in ENDS for move in moves) and all(
        status.get("phase") in ("Done", "Superseded") for status in found
    )


def are_gathered(world: World) -> bool:
    """Whether each pair of workloads is ready in one zone."""
    for pair in PAIRS:
        homes = [str(pod["spec"]["nodeName"]) for app in pair for pod in world.ready_pods(app)]
        if len(homes) != 4 or not any(zone.issuperset(homes) for zone in ZONES):
            return False
    return True


def run_until_gathered(
    world: World, child: Child, start: Callable[[], None], *, after: int = 0
) -> None:
    """Start the operator again whenever it was killed, until all is done and nothing new comes.

    All is done when the pairs are together by more plans than so many. What one plan leaves to be
    gained, and pairs that no flow was seen of yet, another may gather.
    """
    started = quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < QUIET_SECONDS:
        is_late = time.monotonic() - started > PATIENCE_SECONDS
        assert not is_late, (plans(world), child.text()[-5000:])
        if not child.is_running:
            started = time.monotonic()
            start()
        if not (child.lives(PAUSE_SECONDS) and are_gathered(world) and has_ended(world, after)):
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
