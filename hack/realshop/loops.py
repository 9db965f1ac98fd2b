"""One scenario from a fresh shop to what came of it: the closed loop, and its comparisons.

The shop is placed by kube-scheduler and measured; then whoever the scenario names changes what it
may, and the shop is measured again when nothing has changed for a while. What crosses is read from
the links' interfaces and what calls take from the pods' own program: Shorthaul's word counts only
for what it promised.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from realnodes import clusters
from realshop import (
    advices,
    deployments,
    deschedulings,
    followers,
    images,
    installs,
    leasts,
    manifests,
    measures,
    outcomes,
    scenarios,
    shops,
    traces,
    watchers,
)
from testbed import progress, versions

LOOK_SECONDS = 1.0
TELL_SECONDS = 30.0
WATCH_TELL_SECONDS = 300.0


class NoMoves(Exception):
    """Shorthaul did not come to move anything, or to an end; the message has its own words."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long each part of a run takes at most, or lasts, in seconds.

    Moving may take so long beside the quiet after it. What is watched begins with the last move,
    when it is known to be the last for a while.
    """

    warm: float = 15.0
    measured: float = 45.0
    moving: float = 420.0
    quiet: float = 60.0
    watched: float = 0.0
    verified: float = 120.0
    settle: float = 10.0
    recorded: float = 30.0


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
    deployments.give(cluster, [traffic, *_system(scenario)])
    clock.lap("images")
    deployments.remove(cluster)
    deployments.deploy(cluster, shop, manifests.Wanted(traffic.name))
    cluster.shape(setting.bandwidth)
    clock.lap("deployed")
    with watchers.Watcher(cluster, shop) as watcher, traces.Trace(cluster) as trace:
        time.sleep(times.warm)
        restart = _restarted(setting, watcher) if setting.restart else None
        clock.lap("restarted")
        least = leasts.least(shop, deployments.dump(cluster))
        before = measures.span(cluster, watcher, times.measured)
        progress.say(f"before: {_shown(before)}; least {least.least:.0f} B/s")
        clock.lap("before")
        if scenario.moves:
            _install(setting)
            clock.lap("installed")
        advised = _advised(setting) if scenario.recommended else ()
        clock.lap("advised")
        changed = time.monotonic()
        moving = _changed(setting, scenario, watcher, advised)
        clock.lap("changed")
        time.sleep(times.settle)
        after = measures.span(cluster, watcher, times.measured)
        progress.say(f"after: {_shown(after)}")
        clock.lap("after")
        points = trace.since(changed)
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
        versions=_versions(scenario),
        stores=sum(service.rack is not None for service in shop.services),
        routed=tuple(one.service for one in advised),
        trace=points,
    )


def _system(scenario: scenarios.Scenario) -> tuple[images.Image, ...]:
    """Return the images that a scenario needs beside the shop's."""
    if scenario.descheduler:
        return (images.descheduler(),)
    return (images.agent(), images.shorthaul()) if scenario.moves else ()


def _versions(scenario: scenarios.Scenario) -> dict[str, str]:
    found = {"kubernetes": versions.kubernetes(), "agent": versions.NETOBSERV_AGENT}
    return found | ({"descheduler": versions.DESCHEDULER} if scenario.descheduler else {})


def _install(setting: Setting) -> None:
    cni = setting.cluster.layout.cni
    values = installs.values(images.shorthaul(), images.agent(), setting.pace, cni)
    installs.install(setting.cluster, values)


def _advised(setting: Setting) -> tuple[advices.Advice, ...]:
    folder = setting.cluster.layout.state / "recording"
    found = advices.recorded(setting.cluster, folder, setting.times.recorded)
    names = ", ".join(one.service for one in found) or "nothing"
    progress.say(f"the plan recommends trafficDistribution for {names}")
    return tuple(found)


def _changed(
    setting: Setting,
    scenario: scenarios.Scenario,
    watcher: watchers.Watcher,
    advised: Sequence[advices.Advice],
) -> outcomes.Moving | None:
    """Let whoever the scenario names change what it may; return what was moved, if it moves."""
    cluster, times = setting.cluster, setting.times
    if scenario.distribution:
        wanted = manifests.Wanted(images.traffic().name, scenario.distribution)
        cluster.client.apply(manifests.objects(setting.shop, wanted))
    if scenario.descheduler:
        deschedulings.install(cluster, images.descheduler())
        return deschedulings.followed(cluster, watcher, times.quiet, times.moving)
    if scenario.moves:
        advices.carry_out(cluster, advised)
        return _moved(setting, watcher)
    return None


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


def _moved(setting: Setting, watcher: watchers.Watcher) -> outcomes.Moving:
    """Let Shorthaul move pods until it rests, and return what that took and cost."""
    cluster, times = setting.cluster, setting.times
    told, unheard = watcher.total(), watcher.unheard()
    watcher.breaches.clear()
    if cluster.layout.cni == "cilium":
        cluster.client.apply(installs.relay_source())
    cluster.client.apply(installs.objects(setting.pace))
    follower = followers.Follower(cluster)
    _until(
        lambda: follower.is_quiet(times.quiet),
        follower,
        times.moving + times.quiet,
        "Shorthaul to come to rest",
    )
    verified_by = time.monotonic() + times.verified
    while not follower.is_verified() and time.monotonic() < verified_by:
        time.sleep(LOOK_SECONDS)
        follower.look()
    spent, settled = watcher.total().since(told), follower.last or time.time()
    evictions = follower.evictions
    _watch(follower, settled + times.watched)
    return outcomes.Moving(
        evictions=evictions,
        landed=follower.count["Landed"],
        astray=sum(follower.count[phase] for phase in followers.ASTRAY),
        seconds=round(settled - (follower.first or settled), 1),
        due=spent.due,
        failed=spent.failed,
        failures=spent.failures,
        breaches=len(watcher.breaches),
        unheard=watcher.unheard() - unheard,
        later_evictions=follower.evictions - evictions,
        later_seconds=round(time.time() - settled, 1),
        plans=tuple(followers.summary(plan) for plan in follower.plans.values()),
        refusals=dict(Counter(follower.refusals.values())),
    )


def _watch(follower: followers.Follower, until: float) -> None:
    """Look on until a moment, and tell now and then what is there; at least one look."""
    told = time.monotonic()
    follower.look()
    while time.time() < until:
        time.sleep(LOOK_SECONDS)
        follower.look()
        if time.monotonic() > told + WATCH_TELL_SECONDS:
            told = time.monotonic()
            left = (until - time.time()) / 60
            progress.say(f"{left:.0f} minutes to watch; {dict(follower.count)}; {follower.told()}")


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
