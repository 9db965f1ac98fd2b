"""The real world, as the loop sees it: the API server's copy, the board, the feed, the executor.

Nothing is decided here. Reads are put together into a view, commands become writes, moves that are
under way are handed to the executor.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from shorthaul import metrics
from shorthaul.act import writers
from shorthaul.act.feeds import Feed
from shorthaul.act.hindrances import Hindrances, unready
from shorthaul.act.latencies import LatencyFeed
from shorthaul.act.reckonings import Ground
from shorthaul.act.writers import Tools
from shorthaul.api import anchors, policies, topologystatuses
from shorthaul.api.affinitypolicies import Mode
from shorthaul.api.flowsources import FlowSource
from shorthaul.api.podmoves import MovePhase
from shorthaul.api.policies import Governance
from shorthaul.api.topologies import Topology
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.errors import BadInput
from shorthaul.kube import endpoints, statuses
from shorthaul.kube.endpoints import Endpoint
from shorthaul.kube.failures import Conflict, NotFound
from shorthaul.kube.lists import ObjectMetadata
from shorthaul.kube.stores import ClusterStore
from shorthaul.map_metrics import MapMetrics
from shorthaul.plan import accounts
from shorthaul.plan.commands import Command, SetPolicyStatus
from shorthaul.plan.proposals import Means
from shorthaul.plan.traffic_maps import Gathered, TrafficMaps, hindered, maps_of
from shorthaul.plan.views import Terms, View, ended, phase_of
from shorthaul.topology.distances import DEFAULT_LABELS, DEFAULT_SCALE, Distances, Scale, measure
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.billed_volumes import TierOf
from shorthaul.units import Namespace, Tier

STATUS_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the world is made of."""

    store: ClusterStore
    tools: Tools
    feed: Feed
    hindrances: Hindrances
    terms: Terms
    make_means: Callable[[], Means]
    latencies: LatencyFeed
    maps: MapMetrics


class LiveWorld:
    """One cluster and our objects in it."""

    def __init__(self, parts: Parts) -> None:
        """Store the parts; nothing is read before `observe`."""
        self._parts = parts
        self._told = 0.0
        self._looking_since: datetime | None = None

    async def observe(self, now: datetime) -> bool:
        """Takes in flows and looks for hindrances; whether a window has closed."""
        parts = self._parts
        board = parts.tools.board
        self._looking_since = self._looking_since or now
        nodes = parts.store.snapshot().nodes if parts.store.refusal() is None else None
        closed = await parts.feed.observe(
            board.sources, now.timestamp(), frozenset(nodes) if nodes is not None else None
        )
        await parts.hindrances.refresh(
            Namespace(policy.metadata.namespace)
            for policy in board.policies
            if policy.spec.mode is not Mode.OBSERVE
        )
        self._measure_latencies(now)
        if now.timestamp() - self._told >= STATUS_SECONDS:
            self._told = now.timestamp()
            metrics.CYCLE_AGE.set(now.timestamp())
            await self._tell_of_sources(now)
            await self._tell_of_topology(now)
        return bool(closed)

    def view(self, now: datetime) -> View | Reason:
        """All that is decided upon, or why nothing can be."""
        parts, board = self._parts, self._parts.tools.board
        refusal = parts.store.refusal()
        if refusal is not None:
            return refusal
        snapshot = parts.store.snapshot()
        try:
            distances = measured(snapshot, board.topology)
        except BadInput as error:
            return Reason("ContradictoryTopology", str(error))
        return View(
            now=now,
            snapshot=snapshot,
            distances=distances,
            policies=board.policies,
            plans=board.plans,
            moves=board.moves,
            governance=self._governance(snapshot),
            hints=board.hints,
            topology=board.topology,
            hindrance=parts.hindrances.everywhere
            or parts.feed.uncovered(snapshot.nodes.keys())
            or unready(snapshot, parts.terms.unready_nodes_percent),
            rights=parts.hindrances.rights,
            epoch=parts.tools.leadership.epoch,
            looking_since=self._looking_since,
        )

    def traffic(self, view: View) -> Callable[[], TrafficMaps]:
        """What makes, in each unit, the decayed map and one map per usable window of late."""
        feed = self._parts.feed
        if not self._parts.tools.board.sources:
            self._parts.maps.clear()
            reason = Reason("NoFlowSource", "there is no FlowSource; make one")
            return partial(hindered, reason)
        if (blind := feed.uncovered(view.snapshot.nodes.keys())) is not None:
            return partial(hindered, blind)
        return partial(self._made, feed.gathered(view.seconds), view)

    def _made(self, gathered: Gathered, view: View) -> TrafficMaps:
        """The maps, which are shown as well."""
        maps = maps_of(gathered, view.snapshot, view.seconds)
        graphs = [each.average for each in maps.units.values() if each.average is not None]
        if graphs:
            self._parts.maps.show(graphs, view.snapshot, view.distances)
        return maps

    def means(self) -> Means:
        """What to solve with, and until when."""
        return self._parts.make_means()

    async def do(self, command: Command, now: datetime) -> None:
        """Carries out one command."""
        await writers.carry_out(command, self._parts.tools, now)

    async def act(self, view: View) -> None:
        """Lets the executor take the moves that are under way further."""
        moves = [
            move
            for move in view.moves
            if not ended(move) and phase_of(move) is not MovePhase.PENDING
        ]
        await self._parts.tools.executor.advance(moves)

    async def stall(self, reason: Reason, now: datetime) -> None:
        """Tells on every policy that nothing can be decided."""
        for policy in self._parts.tools.board.policies:
            status = accounts.stall(policy, self._parts.terms, reason, now)
            if status != policy.status:
                await self.do(SetPolicyStatus(policy, status), now)

    def _governance(self, snapshot: Snapshot) -> Governance:
        known = (policies.read(policy) for policy in self._parts.tools.board.policies)
        return policies.govern(known, snapshot.workloads.values())

    def _measure_latencies(self, now: datetime) -> None:
        """Lets latencies be read; without a readable cluster nobody knows where they are."""
        topology, store = self._parts.tools.board.topology, self._parts.store
        if store.refusal() is not None:
            return
        snapshot = store.snapshot()
        with contextlib.suppress(BadInput):  # Contradictory labels are told in the status.
            self._parts.latencies.observe(
                topology,
                lambda: Ground(snapshot, measured(snapshot, topology)),
                now.timestamp(),
            )

    async def _tell_of_sources(self, now: datetime) -> None:
        for source in self._parts.tools.board.sources:
            await self._tell(endpoints.SOURCES, source, self._parts.feed.status(source, now))

    async def _tell_of_topology(self, now: datetime) -> None:
        topology, store = self._parts.tools.board.topology, self._parts.store
        if topology is None or store.refusal() is not None:
            return
        latencies = self._parts.latencies.measurements(now.timestamp())
        try:
            found = measured(store.snapshot(), topology)
            status = topologystatuses.fitting(topology, found, now, latencies)
        except BadInput as error:
            status = topologystatuses.contradicted(topology, str(error), now, latencies)
        if status != topology.status:
            await self._tell(endpoints.TOPOLOGIES, topology, status)

    async def _tell(self, endpoint: Endpoint, made: FlowSource | Topology, status: object) -> None:
        tools, about = self._parts.tools, made.metadata
        read = ObjectMetadata(about.name, "", about.uid, about.resource_version)
        try:
            body = await statuses.write_status(tools.connection, endpoint, read, status)
        except (Conflict, NotFound):
            return
        tools.board.written(endpoint.kind, body)


def measured(snapshot: Snapshot, topology: Topology | None) -> Distances:
    """The distances between the nodes; raises BadInput when labels contradict each other."""
    labels = {name: node.labels for name, node in snapshot.nodes.items()}
    return measure(labels, scale_of(topology))


def tiers_between(snapshot: Snapshot, topology: Topology | None) -> TierOf:
    """Tells the tier between two nodes; None where one is unknown or the labels contradict."""
    try:
        return measured(snapshot, topology).known_tier
    except BadInput:
        return lambda one, other: None


def scale_of(topology: Topology | None) -> Scale:
    """The labels and distances of a Topology, or the standard ones."""
    if topology is None:
        return DEFAULT_SCALE
    named = {Tier(each.tier.value): each.label for each in topology.spec.tiers}
    distances = {tier: getattr(topology.spec.distances, tier.value) for tier in Tier}
    return Scale({**DEFAULT_LABELS, **named}, distances, anchors.tiers(topology))


def places_of(topology: Topology | None) -> tuple[Range, ...]:
    """The named places outside; none where they contradict each other, as the status tells."""
    try:
        return anchors.ranges(topology)
    except BadInput:
        return ()
