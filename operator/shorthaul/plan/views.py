"""What a cycle decides upon, as one value: the cluster, the policies, the plans and the moves.

`loop` fills it at each tick; everything in this folder that decides for the running operator takes
it and gives back commands. Nothing here is fetched or remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shorthaul.api.affinitypolicies import AffinityPolicy
from shorthaul.api.placementhints import PlacementHint
from shorthaul.api.placementplans import PlacementPlan, PlanPhase
from shorthaul.api.podmoves import ENDS, MovePhase, PodMove
from shorthaul.api.policies import Governance, PolicyRef
from shorthaul.api.topologies import Topology
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.topology.distances import Distances
from shorthaul.traffic.graphs import TrafficGraph
from shorthaul.units import Namespace, NodeName

OPEN_PHASES = (None, PlanPhase.PROPOSED, PlanPhase.APPROVED, PlanPhase.EXECUTING)
ACTIVE_PHASES = (PlanPhase.APPROVED, PlanPhase.EXECUTING)


@dataclass(frozen=True, slots=True)
class Terms:
    """The operator's settings as far as decisions need them; times in seconds."""

    window_seconds: float = 60.0
    half_life_windows: float = 10.0
    kept_windows: int = 30
    persistence_windows: int = 5
    verification_windows: int = 3
    least_gain_percent: float = 5.0
    cluster_concurrent: int = 5
    approval_seconds: float = 900.0
    execution_seconds: float = 7200.0
    history_seconds: float = 86400.0
    unready_nodes_percent: float = 20.0
    seed: int = 0
    protected_namespaces: frozenset[Namespace] = frozenset()


@dataclass(frozen=True, slots=True)
class View:
    """One moment; `hindrance` is why nothing may move anywhere now, if anything is.

    `looking_since` is when the process that looks began to.
    """

    now: datetime
    snapshot: Snapshot
    distances: Distances
    policies: tuple[AffinityPolicy, ...] = ()
    plans: tuple[PlacementPlan, ...] = ()
    moves: tuple[PodMove, ...] = ()
    governance: Governance = field(default_factory=lambda: Governance({}, {}))
    hints: tuple[PlacementHint, ...] = ()
    topology: Topology | None = None
    hindrance: Reason | None = None
    rights: Mapping[Namespace, Reason] = field(default_factory=dict)
    epoch: int = 0
    looking_since: datetime | None = None

    @property
    def seconds(self) -> float:
        """The moment in seconds since the epoch."""
        return self.now.timestamp()

    def policy(self, ref: PolicyRef) -> AffinityPolicy | None:
        """One policy, if it is there."""
        for policy in self.policies:
            if ref_of(policy) == ref:
                return policy
        return None

    @property
    def hostnames(self) -> Mapping[NodeName, str]:
        """The host name label of each node, which hints name it by."""
        return {
            name: node.labels.get("kubernetes.io/hostname", name)
            for name, node in self.snapshot.nodes.items()
        }

    def conflict(self, ref: PolicyRef) -> Reason | None:
        """Why a policy may not act because of another one, if so."""
        found = self.governance.conflicts.get(ref)
        if not found:
            return None
        first = found[0]
        return Reason(
            "SameWorkload",
            f"workload {first.workload} is also selected by policy {first.other}; neither acts "
            "until one of them gives way",
        )

    def moves_of(self, plan: PlacementPlan) -> tuple[PodMove, ...]:
        """The moves that carry out a plan."""
        return tuple(move for move in self.moves if move.spec.plan == plan.metadata.name)


@dataclass(frozen=True, slots=True)
class Traffic:
    """The traffic map for planning (`average`) and the last usable windows, oldest first."""

    average: TrafficGraph | None
    recent: tuple[TrafficGraph, ...] = ()
    hindrance: Reason | None = None


def ref_of(policy: AffinityPolicy) -> PolicyRef:
    """The name of a policy."""
    return PolicyRef(Namespace(policy.metadata.namespace), policy.metadata.name)


def phase_of(move: PodMove) -> MovePhase:
    """A move's phase; one that nobody has touched is pending."""
    return move.status.phase or MovePhase.PENDING


def ended(move: PodMove) -> bool:
    """Whether a move has come to its end."""
    return phase_of(move) in ENDS
