"""What all disturbances share: one cluster, the shop on it, Shorthaul installed, and who watches.

Each disturbance leaves the shop whole and at rest, so that the next one can begin there. Pods that
lose their node are made anew after ten seconds instead of five minutes, which is the shop's wish
and not the cluster's.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from realnodes import clusters
from realshop import (
    deployments,
    followers,
    images,
    installs,
    manifests,
    measures,
    plan_lines,
    shops,
    watchers,
)
from realshop.disturbances import changes, evictions, ledgers
from testbed import connections, progress

LOST_SECONDS = 10
LOOK_SECONDS = 1.0
TELL_SECONDS = 30.0
HINTS = "placementhints.shorthaul.dev"
ON_THE_WAY = ("PlanUnderWay", "PlanUnproven", "MovesFound", "NotYetPersistent")
ENDED_PLANS = ("Done", "Expired", "Superseded")
FABRIC = "10.251.0.0/24"
Object = dict[str, Any]
Result = TypeVar("Result")


class NotSettled(Exception):
    """Something that a disturbance needs did not come about; the message has Shorthaul's words."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long things are watched, in seconds: at rest, and at most."""

    quiet: float = 60.0
    settling: float = 480.0
    measured: float = 20.0
    verdicts: float = 120.0


@dataclass(slots=True)
class Stage:
    """Where disturbances happen; `shop` is what runs now, `origin` what it was drawn as."""

    cluster: clusters.Cluster
    origin: shops.Shop
    shop: shops.Shop
    image: str
    bandwidth: str
    watcher: watchers.Watcher
    evictions: evictions.Evictions
    pace: installs.Pace = field(default_factory=installs.Pace)
    times: Times = field(default_factory=Times)
    hot: set[str] = field(default_factory=set)
    gathered: bool = False

    @property
    def rack_of(self) -> dict[str, str]:
        """The rack of each node."""
        return {node.name: node.rack for node in self.cluster.layout.nodes}

    def racks(self) -> dict[str, str]:
        """Return the rack of each service that is in one."""
        return changes.racks(deployments.ready(self.cluster), self.rack_of)

    def moves(self) -> list[Object]:
        """Return all PodMoves of the shop."""
        return self.cluster.client.list(followers.MOVES, shops.NAMESPACE)

    def moves_since(self, seconds: float) -> list[Object]:
        """Return the PodMoves that were made from a moment on."""
        return [move for move in self.moves() if _made(move) >= int(seconds)]

    def plans(self) -> list[Object]:
        """Return all plans."""
        return self.cluster.client.list(followers.PLANS)

    def told(self) -> str:
        """Return the policy's own words."""
        return followers.Follower(self.cluster).told()

    def crossing(self, seconds: float | None = None) -> float:
        """Wait a while and return the bytes per second that crossed between racks meanwhile."""
        return self.crossing_while(lambda: time.sleep(seconds or self.times.measured))[0]

    def crossing_while(self, work: Callable[[], Result]) -> tuple[float, Result]:
        """Do something and return the bytes per second that crossed between racks meanwhile."""
        began, crossed = time.monotonic(), measures.crossing(self.cluster)
        result = work()
        passed = time.monotonic() - began
        return (measures.crossing(self.cluster) - crossed) / passed, result


@contextlib.contextmanager
def opened(
    cluster: clusters.Cluster, shop: shops.Shop, bandwidth: str, times: Times
) -> Iterator[Stage]:
    """Bring shop and Shorthaul to a cluster, without a policy yet, and watch until the end."""
    traffic, agent, own = images.traffic(), images.agent(), images.shorthaul()
    if not cluster.client.exists("namespaces", installs.NAMESPACE):
        deployments.give(cluster, [traffic, agent, own])
    _deploy(cluster, shop, traffic.name)
    cluster.shape(bandwidth)
    pace = installs.Pace()
    if not cluster.client.exists("namespaces", installs.NAMESPACE):
        installs.install(cluster, values(own, agent, pace, cluster.layout.cni))
    progress.say("shop and Shorthaul are there")
    with (
        watchers.Watcher(cluster, shop) as watcher,
        evictions.Evictions(cluster) as seen,
    ):
        yield Stage(cluster, shop, shop, traffic.name, bandwidth, watcher, seen, pace, times)


def values(own: images.Image, agent: images.Image, pace: installs.Pace, cni: str) -> dict[str, Any]:
    """Return the chart's values: as in the loop, with probers, a ledger, and rights everywhere.

    Rights everywhere, because the shop's namespace comes and goes, and with it a RoleBinding there.
    """
    found = installs.values(own, agent, pace, cni)
    found["namespaces"], found["evictEverywhere"] = [], True
    found["settings"] |= {"latencySeconds": 5}
    found["extraArgs"] = [f"--ledger={ledgers.MOUNT}/{ledgers.FILE}"]
    found["volumes"] = [{"name": ledgers.VOLUME, "emptyDir": {}}]
    found["volumeMounts"] = [{"name": ledgers.VOLUME, "mountPath": ledgers.MOUNT}]
    found["prober"] = {
        "enabled": True,
        "settings": {"roundSeconds": 2, "keptSeconds": 20},
        "resources": installs.SMALL,
    }
    found["collector"] |= {"readersFrom": [{"ipBlock": {"cidr": FABRIC}}]}
    return found


def policy(objective: str, **more: Object) -> Object:
    """Return the policy for the whole shop with an objective, and parts of its spec beside."""
    _, found = installs.objects(installs.Pace())
    found["spec"] |= {"objective": objective, **more}
    return found


def set_policy(stage: Stage, *found: Object) -> float:
    """Apply the policy for the whole shop, or other objects, and return when that was."""
    began = time.time()
    stage.cluster.client.apply(list(found) or installs.objects(stage.pace))
    return began


def drop_policies(stage: Stage) -> None:
    """Delete all policies of the shop and return when no hint of theirs is left."""
    client = stage.cluster.client
    for policy in client.list(followers.POLICY, shops.NAMESPACE):
        client.delete(followers.POLICY, policy["metadata"]["name"], shops.NAMESPACE)
    client.wait_for(
        lambda: not any(_hinted(one) for one in client.list(HINTS, shops.NAMESPACE)),
        timeout_seconds=180.0,
        what="the hints of policies that are gone to be taken away",
    )


def scatter(stage: Stage) -> None:
    """Let kube-scheduler alone place the shop as it was drawn, without policy or hints."""
    if stage.cluster.client.list(followers.POLICY, shops.NAMESPACE):
        drop_policies(stage)
    stage.gathered = False
    change(stage, stage.origin)
    stage.hot.clear()
    for pod in deployments.pods(stage.cluster):
        with contextlib.suppress(connections.ApiError):  # It may have gone by itself meanwhile.
            stage.cluster.client.delete("pods", pod["metadata"]["name"], shops.NAMESPACE)
    whole(stage)


def gather(stage: Stage) -> None:
    """Let Shorthaul gather the shop as it was drawn, unless that is done."""
    stage.gathered = stage.gathered or _is_gathered(stage)
    if not stage.gathered:
        scatter(stage)
        rest(stage, set_policy(stage))
        whole(stage)
        stage.gathered = True


def whole(stage: Stage, seconds: float = deployments.READY_SECONDS) -> None:
    """Return when every pod of the shop is ready and none is ending."""

    def is_whole() -> bool:
        pods = deployments.pods(stage.cluster)
        return len(pods) == stage.shop.pods == sum(map(deployments.is_ready, pods))

    stage.cluster.client.wait_for(
        is_whole, timeout_seconds=seconds, what=f"the shop's {stage.shop.pods} pods to be whole"
    )


def change(stage: Stage, shop: shops.Shop) -> None:
    """Let the shop's traffic shift: services that talk otherwise are rolled out, others stay."""
    names = changes.changed(stage.shop, shop)
    stage.shop = shop
    for one in _objects(shop, stage.image):
        if one["kind"] == "Deployment" and one["metadata"]["name"] in names:
            stage.cluster.client.apply(one)
    for name in names:
        rolled_out(stage, name)


def rolled_out(stage: Stage, name: str) -> None:
    """Return when a service's rollout has come to its end."""
    stage.cluster.kubectl(
        *("rollout", "status", f"deployment/{name}", f"--namespace={shops.NAMESPACE}")
    )


def heat(stage: Stage) -> shops.Call:
    """Let another pair become hot, and the last one cool down; return the pair."""
    shop, call = changes.hot(stage.origin, stage.racks(), stage.hot)
    stage.hot |= {call.client, call.server}
    progress.say(f"{call.client} calls {call.server}, which is in another rack, much more now")
    change(stage, shop)
    return call


def rest(stage: Stage, since: float, *, quiet: float | None = None) -> None:
    """Return when pods were evicted since a moment, nothing has changed for a while, and Shorthaul
    is about to do nothing: a plan that is not verified yet may have another one after it."""
    wanted = quiet or stage.times.quiet

    def at_rest() -> bool:
        seen = stage.evictions.since(since)
        if not seen or time.time() <= seen[-1].seconds + wanted or not idle(stage):
            return False
        return not any(word in stage.told() for word in ON_THE_WAY)

    until(stage, at_rest, stage.times.settling, "Shorthaul to move and come to rest")
    for line in plan_lines.lines(stage.plans()):
        progress.say(line)


def await_verdicts(stage: Stage) -> None:
    """Give plans time to be measured, so that a shift is not held against the plan before it."""

    def judged() -> bool:
        done = [plan for plan in stage.plans() if phase(plan) == "Done"]
        return all(plan["status"].get("verification") for plan in done)

    deadline = time.monotonic() + stage.times.verdicts
    while not judged() and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def idle(stage: Stage) -> bool:
    """Tell whether no move is under way and no plan is open."""
    moves = (phase(move) in followers.ENDS for move in stage.moves())
    return all(moves) and all(phase(plan) in ENDED_PLANS for plan in stage.plans())


def until(stage: Stage, condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Look again and again until a condition holds; tell now and then what is waited for."""
    deadline, told = time.monotonic() + seconds, time.monotonic()
    while not condition():
        now = time.monotonic()
        if now > deadline:
            raise NotSettled(f"waited {seconds:.0f} s for {what}: {stage.told()}")
        if now > told + TELL_SECONDS:
            told = now
            progress.say(f"waiting for {what}: {stage.told()}")
        time.sleep(LOOK_SECONDS)


def in_flight(stage: Stage) -> list[Object]:
    """Return the moves that have begun and not ended."""
    return [m for m in stage.moves() if phase(m) not in (*followers.ENDS, "Pending")]


def phase(found: Object) -> str:
    """Return the phase of a move or plan; one that has none yet is pending."""
    return str((found.get("status") or {}).get("phase", "Pending"))


def _deploy(cluster: clusters.Cluster, shop: shops.Shop, image: str) -> None:
    found = list(_objects(shop, image))
    cluster.client.apply(sorted(found, key=lambda one: one["kind"] == "Deployment"))
    cluster.client.wait_for(
        lambda: len(deployments.ready(cluster)) == shop.pods,
        timeout_seconds=deployments.READY_SECONDS,
        what=f"the shop's {shop.pods} pods to be ready",
    )


def _objects(shop: shops.Shop, image: str) -> Iterator[Object]:
    for one in manifests.objects(shop, manifests.Wanted(image)):
        if one["kind"] == "Deployment":
            one["spec"]["template"]["spec"]["tolerations"] = list(_tolerations())
        yield one


def _tolerations() -> Iterable[Object]:
    for state in ("not-ready", "unreachable"):
        yield {
            "key": f"node.kubernetes.io/{state}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": LOST_SECONDS,
        }


def _is_gathered(stage: Stage) -> bool:
    """Tell whether the policy of an earlier command has left each service in one rack."""
    found = stage.cluster.client.list(followers.POLICY, shops.NAMESPACE)
    is_for_bytes = [policy["spec"]["objective"] for policy in found] == ["bytes"]
    return is_for_bytes and idle(stage) and len(stage.racks()) == len(stage.shop.services)


def _hinted(hint: Object) -> bool:
    return bool((hint.get("spec") or {}).get("workloads"))


def _made(found: Object) -> float:
    return evictions.moment(found["metadata"]["creationTimestamp"])
