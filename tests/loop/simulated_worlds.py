"""A world for the shipped loop in which time is an argument: pods move at once, traffic is noisy.

It implements the loop's Protocol on plain values: no API server, no clock. Traffic is drawn per
window from true rates between workloads, spread evenly over the pods that exist (uniform routing),
with gamma noise of a given coefficient of variation on each edge and Poisson counts on each pair.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec
import numpy as np

from shorthaul.api import policies
from shorthaul.api.affinitypolicies import (
    AffinityPolicy,
    AffinityPolicySpec,
    Disruption,
    Mode,
    Workloads,
)
from shorthaul.api.objects import ObjectMeta
from shorthaul.api.podmoves import MovePhase, PodMoveStatus
from shorthaul.plan.commands import (
    CreateMove,
    CreatePlan,
    Forget,
    SetMovePhase,
    SetPlanStatus,
    SetPolicyStatus,
)
from shorthaul.plan.proposals import Means
from shorthaul.plan.traffic_maps import Gathered, maps_of
from shorthaul.plan.views import View, phase_of
from shorthaul.solve.choices import remembering_solver
from shorthaul.solve.solvers import never
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic.observations import ObserverSum
from shorthaul.traffic.pair_sums import PairSum, pair_sums
from shorthaul.traffic.windows import Window, WindowRules
from shorthaul.units import Namespace, Objective, Uid, Unit
from worlds import builders

START = datetime(2026, 1, 5, tzinfo=UTC)
SHOP = Namespace("shop")
FIRST_AGE_SECONDS = 86400.0


@dataclass
class SimulatedWorld:
    """One small cluster; `rates` are events/s between workloads by name."""

    nodes: tuple
    replicas: dict[str, list[str]]
    rates: dict[tuple[str, str], float]
    noise: float = 0.3
    seed: int = 0
    rules: WindowRules = field(default_factory=lambda: WindowRules(window_seconds=300))
    spec: AffinityPolicySpec = field(
        default_factory=lambda: AffinityPolicySpec(
            workloads=Workloads(),
            objective=Objective.FLOWS,
            mode=Mode.AUTO,
            disruption=Disruption(
                concurrent=3,
                moves_per_hour=20,
                allow_single_replica=True,
                minimum_pod_age_seconds=600,
                cool_down_seconds=1800,
            ),
        )
    )

    def __post_init__(self):
        self.random = np.random.default_rng(self.seed)
        pods = [
            builders.pod(f"shop/{name}-{number}", on=node)
            for name, places in self.replicas.items()
            for number, node in enumerate(places)
        ]
        made = START.timestamp() - FIRST_AGE_SECONDS
        self.snapshot = builders.cluster(
            *self.nodes, *[replace(pod, created_seconds=made) for pod in pods]
        )
        self.windows = deque(maxlen=self.rules.kept_windows)
        self.plans, self.moves, self.hints = {}, {}, []
        self.policy = AffinityPolicy(
            metadata=ObjectMeta(name="near", namespace="shop", uid="p", generation=1),
            spec=self.spec,
        )
        self.landed = []
        self.solvers = defaultdict(remembering_solver)
        self._closed = int(START.timestamp()) // self.rules.window_seconds

    async def observe(self, now):
        index = int(now.timestamp()) // self.rules.window_seconds
        closed = index > self._closed
        while self._closed < index:
            self.windows.append(self._window(self._closed * self.rules.window_seconds))
            self._closed += 1
        return closed

    def view(self, now):
        return View(
            now=now,
            snapshot=self.snapshot,
            distances=measure(
                {name: node.labels for name, node in self.snapshot.nodes.items()}, DEFAULT_SCALE
            ),
            policies=(self.policy,),
            plans=tuple(found for _, found in sorted(self.plans.items())),
            moves=tuple(found for _, found in sorted(self.moves.items())),
            governance=policies.govern(
                [policies.read(self.policy)], self.snapshot.workloads.values()
            ),
        )

    def traffic(self, view):
        told = Gathered(frozenset({Unit.FLOWS}), self.rules, tuple(self.windows))
        maps = maps_of(told, view.snapshot, view.seconds)
        return lambda: maps

    def means(self):
        return Means(self.solvers.__getitem__, never)

    async def do(self, command, now):
        match command:
            case CreatePlan(plan=plan):
                self.plans[plan.metadata.name] = plan
            case SetPlanStatus(plan=plan, status=status):
                known = self.plans[plan.metadata.name]
                self.plans[plan.metadata.name] = msgspec.structs.replace(known, status=status)
            case SetPolicyStatus(status=status):
                self.policy = msgspec.structs.replace(self.policy, status=status)
            case CreateMove(move=move):
                self.moves.setdefault(move.metadata.name, move)
            case SetMovePhase(move=move, phase=phase):
                self._set(move, PodMoveStatus(phase=phase, started_at=now))
            case Forget(made=made):
                self.plans.pop(made.metadata.name, None)
                self.moves.pop(made.metadata.name, None)

    async def act(self, view):
        for move in view.moves:
            if phase_of(move) is MovePhase.ADMITTED:
                self._land(move, view.now)

    async def stall(self, reason, now):
        raise AssertionError(reason)

    def _set(self, move, status):
        known = self.moves[move.metadata.name]
        self.moves[move.metadata.name] = msgspec.structs.replace(known, status=status)

    def _land(self, move, now):
        ref = builders.reference(f"shop/{move.spec.pod.name}")
        pods = dict(self.snapshot.pods)
        old = pods.pop(ref)
        name = f"{old.workload.name}-m{len(self.landed)}"
        new = replace(
            old,
            ref=builders.reference(f"shop/{name}"),
            uid=Uid(f"uid-{name}"),
            node=move.spec.target,
            created_seconds=now.timestamp(),
        )
        pods[new.ref] = new
        self.snapshot = replace(self.snapshot, pods=dict(sorted(pods.items())))
        self.landed.append((now, move))
        status = msgspec.structs.replace(move.status, phase=MovePhase.LANDED, finished_at=now)
        self._set(move, status)

    def _window(self, start):
        pods = {}
        for pod in self.snapshot.pods.values():
            pods.setdefault(pod.workload.name, []).append(pod)
        pairs = []
        for (client, server), rate in sorted(self.rates.items()):
            shape = 1 / self.noise**2
            volume = rate * self.random.gamma(shape, 1 / shape) * self.rules.window_seconds
            share = volume / (len(pods[client]) * len(pods[server]))
            for one in pods[client]:
                for other in pods[server]:
                    forward, backward = self.random.poisson(share / 2, 2)
                    if forward + backward:
                        there, here = frozenset({other.node}), frozenset({one.node})
                        events = int(forward), int(backward)
                        pairs.append(PairSum(one.ref, other.ref, *events, there, here))
        observers = {name: ObserverSum(lines=100) for name in self.snapshot.nodes}
        return Window(start, self.rules.window_seconds, pair_sums(pairs), observers)
