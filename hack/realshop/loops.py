"""One scenario from a fresh shop to what came of it: the closed loop, and its comparisons.

The shop is placed by kube-scheduler and measured; then whoever the scenario names changes what it
may, and the shop is measured again when nothing has changed for a while. What crosses is read from
the links' interfaces and what calls take from the pods' own program: Shorthaul's word counts only
for what it promised.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from realnodes import clusters
from realshop import (
    deployments,
    followers,
    images,
    installs,
    leasts,
    manifests,
    measures,
    outcomes,
    scenarios,
    shops,
    watchers,
)
from testbed import progress, versions

LOOK_SECONDS = 1.0
TELL_SECONDS = 30.0


class NoMoves(Exception):
    """Shorthaul did not come to move anything, or to an end; the message has its own words."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long each part of a run takes at most, or lasts, in seconds."""

    warm: float = 15.0
    measured: float = 45.0
    moving: float = 420.0
    quiet: float = 60.0
    verified: float = 120.0
    settle: float = 10.0


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and with what a scenario is run; `restart` also measures a rolling restart."""

    cluster: clusters.Cluster
    shop: shops.Shop
    bandwidth: str
    times: Times = field(default_factory=Times)
    pace: installs.Pace = field(default_factory=installs.Pace)
    restart: bool = True


def run(setting: Setting, scenario: scenarios.Scenario) -> outcomes.Outcome:
    """Run a scenario and return what came of it."""
    cluster, shop, times = setting.cluster, setting.shop, setting.times
    clock = _Clock()
    traffic = images.traffic()
    system = (images.agent(), images.shorthaul()) if scenario.moves else ()
    deployments.give(cluster, [traffic, *system])
    wanted = manifests.Wanted(traffic.name, scenario.distribution)
    clock.lap("images")
    deployments.remove(cluster)
    deployments.deploy(cluster, shop, manifests.Wanted(wanted.image))
    cluster.shape(setting.bandwidth)
    clock.lap("deployed")
    with watchers.Watcher(cluster, shop) as watcher:
        time.sleep(times.warm)
        restart = _restarted(setting, watcher) if setting.restart else None
        clock.lap("restarted")
        least = leasts.least(shop, deployments.dump(cluster))
        before = measures.span(cluster, watcher, times.measured)
        progress.say(f"before: {_shown(before)}; least {least.least:.0f} B/s")
        clock.lap("before")
        moving = None
        if scenario.distribution:
            cluster.client.apply(manifests.objects(shop, wanted))
        if scenario.moves:
            _install(setting, *system)
            clock.lap("installed")
            moving = _moved(setting, scenario, watcher)
            clock.lap("moved")
        time.sleep(times.settle)
        after = measures.span(cluster, watcher, times.measured)
        progress.say(f"after: {_shown(after)}")
        clock.lap("after")
    return outcomes.Outcome(
        scenario=scenario.name,
        seed=shop.seed,
        services=len(shop.services),
        pods=shop.pods,
        nodes=cluster.layout.node_count,
        racks=cluster.layout.rack_count,
        cni=cluster.layout.cni,
        bandwidth=setting.bandwidth,
        offered_bytes_per_second=round(shop.total_bytes_per_second, 1),
        least_bytes_per_second=round(least.least, 1),
        least_proven=least.proven,
        before=before,
        after=after,
        moving=moving,
        restart=restart,
        seconds=clock.laps,
        versions={"kubernetes": versions.kubernetes(), "agent": versions.NETOBSERV_AGENT},
    )


def _install(setting: Setting, agent: images.Image, own: images.Image) -> None:
    installs.install(setting.cluster, installs.values(own, agent, setting.pace))


def _restarted(setting: Setting, watcher: watchers.Watcher) -> outcomes.Restart:
    """Restart every workload under load, as a rollout does, and count what that costs."""
    told, began = watcher.total(), time.time()
    watcher.breaches.clear()
    before = {pod["metadata"]["uid"] for pod in deployments.pods(setting.cluster)}
    setting.cluster.kubectl("rollout", "restart", "deployment", f"--namespace={shops.NAMESPACE}")
    for service in setting.shop.services:
        setting.cluster.kubectl(
            *("rollout", "status", f"deployment/{service.name}", f"--namespace={shops.NAMESPACE}")
        )
    setting.cluster.client.wait_for(
        lambda: not before & {pod["metadata"]["uid"] for pod in deployments.pods(setting.cluster)},
        timeout_seconds=deployments.GONE_SECONDS,
        what="the pods before the restart to be gone",
    )
    spent = watcher.total().since(told)
    found = outcomes.Restart(
        seconds=round(time.time() - began, 1),
        pods=len(before),
        due=spent.due,
        failed=spent.failed,
        breaches=len(watcher.breaches),
    )
    progress.say(
        f"a rolling restart: {found.pods} pods, {found.failed} of {found.due} calls failed"
    )
    return found


def _moved(
    setting: Setting, scenario: scenarios.Scenario, watcher: watchers.Watcher
) -> outcomes.Moving:
    """Let Shorthaul move pods until it rests, and return what that took and cost."""
    cluster, times = setting.cluster, setting.times
    told, unheard = watcher.total(), watcher.unheard()
    watcher.breaches.clear()
    cluster.client.apply(installs.objects(setting.pace))
    follower = followers.Follower(cluster)
    _until(
        lambda: follower.is_quiet(times.quiet), follower, times.moving, "Shorthaul to come to rest"
    )
    verified_by = time.monotonic() + times.verified
    while not follower.is_verified() and time.monotonic() < verified_by:
        time.sleep(LOOK_SECONDS)
        follower.look()
    spent, settled = watcher.total().since(told), follower.last or time.time()
    evictions = follower.evictions
    if scenario.recommended:
        _apply_routing(cluster, follower)
    follower.look()
    return outcomes.Moving(
        evictions=evictions,
        landed=follower.count["Landed"],
        astray=sum(follower.count[phase] for phase in ("Elsewhere", "Failed", "Refused")),
        seconds=round(settled - (follower.first or settled), 1),
        due=spent.due,
        failed=spent.failed,
        failures=spent.failures,
        breaches=len(watcher.breaches),
        unheard=watcher.unheard() - unheard,
        later_evictions=follower.evictions - evictions,
        later_seconds=round(time.time() - settled, 1),
        plans=tuple(followers.summary(plan) for plan in follower.plans.values()),
    )


def _until(
    condition: Callable[[], bool], follower: followers.Follower, seconds: float, what: str
) -> None:
    """Look again and again until a condition holds; tell now and then what is waited for."""
    deadline, told = time.monotonic() + seconds, time.monotonic()
    while True:
        follower.look()
        if condition():
            return
        now = time.monotonic()
        if now > deadline:
            raise NoMoves(f"waited {seconds:.0f} s for {what}: {follower.told()}")
        if now > told + TELL_SECONDS:
            told = now
            progress.say(f"{dict(follower.count) or 'no move yet'}; {follower.told()}")
        time.sleep(LOOK_SECONDS)


def _apply_routing(cluster: clusters.Cluster, follower: followers.Follower) -> None:
    """Give Services what the plans recommend, as their owner would."""
    for plan in follower.plans.values():
        for one in plan["spec"].get("routing", ()):
            change = {"spec": {"trafficDistribution": one["to"] or None}}
            cluster.client.patch("services", one["service"], change, shops.NAMESPACE)


def _shown(span: outcomes.Span) -> str:
    tail = "no calls" if span.p99_seconds is None else f"p99 {1000 * span.p99_seconds:.1f} ms"
    return f"{span.cross_bytes_per_second:.0f} B/s cross, {tail}, {span.failed} failed"


class _Clock:
    """How long each part of a run took."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """End a part."""
        now = time.monotonic()
        self.laps[name] = round(now - self._last, 1)
        self._last = now
