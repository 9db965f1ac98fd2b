"""Puts the operator together and keeps it alive: lease, watches, kopf, loop; the only `main` of it.

Everything starts here and ends here. A standby follows our own kinds and answers the kubelet, and
waits for the Lease before it reads the cluster or writes anything. When leadership is lost, or any
part ends, the whole process ends at once, because a part that goes on alone could act on what it no
longer knows.
"""

import asyncio
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any

from shorthaul import handlers, metrics, web
from shorthaul.act.checks import Checker
from shorthaul.act.executors import Executor, ExecutorSettings
from shorthaul.act.executors import Means as ActingMeans
from shorthaul.act.feeds import Feed
from shorthaul.act.hindrances import Hindrances, Sources
from shorthaul.act.latencies import LatencyFeed
from shorthaul.act.machines import Limits
from shorthaul.act.worlds import LiveWorld, Parts, places_of, tiers_between
from shorthaul.act.writers import Tools
from shorthaul.api.policies import Group
from shorthaul.api.v1alpha1 import KINDS
from shorthaul.cluster.holders import Holders
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import PROTECTED_NAMESPACES
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.kube.boards import Board
from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Credentials, Origin
from shorthaul.kube.endpoints import OWN_GROUP, OWN_VERSION, Endpoint
from shorthaul.kube.events import Teller
from shorthaul.kube.hints import Hints
from shorthaul.kube.leases import Lease, LeaseSettings
from shorthaul.kube.lists import read_all
from shorthaul.kube.probes import Prober, ProbeSettings
from shorthaul.kube.stores import ClusterStore
from shorthaul.loop import Loop, Thinking
from shorthaul.map_metrics import MapMetrics, MapRules
from shorthaul.plan.proposals import Means, Proposals
from shorthaul.plan.views import Terms, View
from shorthaul.settings import Settings
from shorthaul.solve.choices import remembering_solver
from shorthaul.solve.memories import Memory, Work
from shorthaul.solve.solvers import Solver
from shorthaul.store.keepers import Keeper
from shorthaul.telemetry.live_books import LiveBook
from shorthaul.traffic.addresses.books import BookRules
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.billed_volumes import TierOf
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import Namespace

_LOG = logging.getLogger(__name__)
RELIST_SECONDS = 60.0


def run(settings: Settings) -> None:
    """Runs the operator until it is told to stop; raises LeadershipLost when another one leads."""
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    """Runs all parts until the first of them ends, then stops the others."""
    origin = Origin(settings.kubeconfig)
    async with Connection(origin) as connection:
        lease = Lease(connection, _lease_settings(settings))
        operator = _Operator(settings, connection, lease)
        if settings.metrics_port:
            web.serve(settings.metrics_port, settings.address, operator.maps)
        parts = [
            asyncio.create_task(
                handlers.follow(
                    handlers.registry_of(operator.board, operator.probes, Credentials(origin)),
                    identity=settings.identity,
                    health_address=operator.health_address,
                )
            ),
            asyncio.create_task(_lead(operator, lease)),
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            operator.ending = True
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            operator.feed.close()
            operator.latencies.close()
            metrics.LEADER.set(0)
            await lease.release()
        for part in done:
            part.result()


async def _lead(operator: "_Operator", lease: Lease) -> None:
    await lease.acquire()
    metrics.LEADER.set(1)
    async with asyncio.TaskGroup() as tasks:
        for part in (lease.keep(), operator.store.run(), operator.relist(), operator.cycle()):
            tasks.create_task(part)


class _Operator:
    """All parts of one leadership, wired to each other."""

    def __init__(self, settings: Settings, connection: Connection, lease: Lease) -> None:
        self.settings = settings
        self.connection = connection
        self.board = Board()
        rules = BookRules(settle_milliseconds=round(settings.settle_seconds * 1_000))
        holders = Holders(rules, threading.Lock())
        self.store = ClusterStore(
            connection,
            pod_changed=lambda before, after: holders.see(before, after, int(time.time() * 1_000)),
            pod_news_seconds=_news_seconds(settings),
        )
        self.terms = terms_of(settings)
        self.latencies = LatencyFeed(SystemRandom(), settings.latency_seconds)
        self.maps = MapMetrics(_map_rules(settings), time.time)
        self.feed = Feed(
            _window_rules(settings),
            time.time(),
            self._snapshot,
            book=LiveBook(holders, lambda: self.store.pods_age_seconds, self._tiers, self._places),
            ledger=Keeper(settings.ledger) if settings.ledger else None,
        )
        self._solvers: dict[Group, Solver] = defaultdict(remembering_solver)
        hints = Hints(connection)
        prober = Prober(connection, hints, _probe_settings(settings))
        checker = Checker(self._view, self.terms.protected_namespaces)
        namespace = Namespace(settings.namespace)
        self._executor = Executor(
            ActingMeans(connection, hints, prober, lease, checker.check, checker.hint_for),
            ExecutorSettings(namespace, Limits(landing_seconds=settings.landing_seconds)),
        )
        teller = Teller(connection, settings.identity)
        self._hindrances = Hindrances(Sources(connection, prober, namespace), time.monotonic)
        self.world = LiveWorld(
            Parts(
                store=self.store,
                tools=Tools(connection, self.board, hints, self._executor, lease, teller),
                feed=self.feed,
                hindrances=self._hindrances,
                terms=self.terms,
                make_means=self._means,
                latencies=self.latencies,
                maps=self.maps,
            )
        )
        self.ending = False
        self._ticked = time.monotonic()

    @property
    def health_address(self) -> str:
        """Where kopf answers the kubelet's liveness probe; "" for nowhere."""
        if not self.settings.health_port:
            return ""
        return f"http://{self.settings.address}:{self.settings.health_port}/healthz"

    @property
    def probes(self) -> dict[str, Callable[[], Any]]:
        """Ages that the health endpoint shows."""
        return {
            "seconds-since-last-cycle": lambda: round(time.monotonic() - self._ticked, 1),
            "seconds-since-last-watch-event": lambda: round(self.store.oldest_age_seconds, 1),
        }

    async def cycle(self) -> None:
        """The loop, once everything has been read for the first time."""
        await self._list_own()
        await self.store.wait_until_synced()
        _LOG.info("the cluster has been read; windows are %s s", self.terms.window_seconds)
        loop = Loop(
            self.world, self.terms, self._in_worker, Namespace(self.settings.probe_namespace)
        )
        try:
            await loop.run(self._now, self.settings.tick_seconds)
        finally:
            await asyncio.gather(self._executor.stop(), self._hindrances.stop())

    async def relist(self) -> None:
        """Reads our own kinds anew now and then, should kopf's watch have missed something."""
        while True:
            await asyncio.sleep(RELIST_SECONDS)
            await self._list_own()

    async def _list_own(self) -> None:
        for kind in KINDS:
            endpoint = Endpoint(OWN_GROUP, OWN_VERSION, kind.plural, kind.name, kind.namespaced)
            listed = await read_all(self.connection, endpoint, bytes)
            self.board.replace_all(kind.name, listed.items.values(), listed.resource_version)

    def _means(self) -> Means:
        """The solvers, until their time is over or the process ends: it waits for its threads."""
        over = _deadline(self.settings.solve_seconds)
        return Means(self._solvers.__getitem__, lambda: self.ending or over())

    async def _in_worker(self, think: Thinking) -> Proposals:
        """Plans beside the loop, and counts what it took."""
        with metrics.SOLVE_SECONDS.time():
            found = await asyncio.to_thread(think)
        for solver in self._solvers.values():
            if isinstance(solver, Memory):
                _count(solver.taken())
        return found

    def _snapshot(self) -> Snapshot | None:
        return self.store.snapshot() if self.store.refusal() is None else None

    def _tiers(self, snapshot: Snapshot) -> TierOf:
        return tiers_between(snapshot, self.board.topology)

    def _places(self) -> Sequence[Range]:
        return places_of(self.board.topology)

    def _view(self) -> View | Reason:
        return self.world.view(datetime.now(UTC))

    def _now(self) -> datetime:
        self._ticked = time.monotonic()
        return datetime.now(UTC)


def _count(work: Work) -> None:
    for size in ("whole", "small", "none"):
        metrics.SEARCHES.labels(size).inc(getattr(work, size))
    metrics.SEARCH_TRIES.inc(work.tries)


def terms_of(settings: Settings) -> Terms:
    """The settings as far as decisions need them."""
    own = {Namespace(settings.namespace), Namespace(settings.probe_namespace)}
    return Terms(
        window_seconds=settings.window_seconds,
        half_life_windows=settings.half_life_windows,
        kept_windows=settings.kept_windows,
        persistence_windows=settings.persistence_windows,
        verification_windows=settings.verification_windows,
        least_gain_percent=settings.least_gain_percent,
        cluster_concurrent=settings.cluster_concurrent,
        approval_seconds=settings.approval_seconds,
        history_seconds=settings.history_seconds,
        unready_nodes_percent=settings.unready_nodes_percent,
        seed=settings.seed,
        protected_namespaces=PROTECTED_NAMESPACES | own,
    )


def _news_seconds(settings: Settings) -> int:
    """How often pods are heard of at least: addresses are known no later than that.

    A window of bytes is billed once addresses are known to its end, so without news none is.
    """
    return round(min(60.0, max(10.0, settings.window_seconds / 2)))


def _window_rules(settings: Settings) -> WindowRules:
    seconds = max(1, round(settings.window_seconds))
    return WindowRules(
        window_seconds=seconds,
        lateness_seconds=min(30, max(1, seconds // 2)),
        kept_windows=settings.kept_windows,
        half_life_windows=settings.half_life_windows,
        stale_windows=settings.kept_windows,
    )


def _map_rules(settings: Settings) -> MapRules:
    return MapRules(settings.map_edges, settings.kept_windows * settings.window_seconds)


def _probe_settings(settings: Settings) -> ProbeSettings:
    return ProbeSettings(
        Namespace(settings.probe_namespace), margin_seconds=settings.hint_margin_seconds
    )


def _lease_settings(settings: Settings) -> LeaseSettings:
    return LeaseSettings(
        namespace=settings.namespace,
        identity=settings.identity,
        lease_seconds=settings.lease_seconds,
        renew_seconds=settings.renew_seconds,
        retry_seconds=settings.retry_seconds,
    )


def _deadline(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end
