"""What the loop is told to do, as values: each is one write to the API, decided beforehand."""

from dataclasses import dataclass

from shorthaul.api.affinitypolicies import AffinityPolicy
from shorthaul.api.placementplans import PlacementPlan, PlacementPlanStatus
from shorthaul.api.podmoves import MovePhase, PodMove
from shorthaul.api.policystatuses import AffinityPolicyStatus
from shorthaul.cluster.reasons import Reason
from shorthaul.plan.hints import Term
from shorthaul.units import WorkloadRef


@dataclass(frozen=True, slots=True)
class CreatePlan:
    """Writes a new PlacementPlan and then its first status."""

    plan: PlacementPlan


@dataclass(frozen=True, slots=True)
class CreateMove:
    """Writes one PodMove of a plan; one that is there already is fine."""

    move: PodMove


@dataclass(frozen=True, slots=True)
class SetPlanStatus:
    """Replaces the status of a plan."""

    plan: PlacementPlan
    status: PlacementPlanStatus


@dataclass(frozen=True, slots=True)
class SetPolicyStatus:
    """Replaces the status of a policy."""

    policy: AffinityPolicy
    status: AffinityPolicyStatus


@dataclass(frozen=True, slots=True)
class SetMovePhase:
    """Lets a pending move begin (Admitted), or ends one that has not begun (Refused)."""

    move: PodMove
    phase: MovePhase
    reason: Reason


@dataclass(frozen=True, slots=True)
class SetHint:
    """Writes where the next pods of a workload should land; no terms take the hint away."""

    workload: WorkloadRef
    terms: tuple[Term, ...]
    plan: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Deletes a plan or a move whose history is over."""

    made: PlacementPlan | PodMove


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that something is told about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Tells people of an object of theirs, as an Event."""

    about: Subject
    reason: Reason
    warning: bool = False


Command = (
    CreatePlan
    | CreateMove
    | SetPlanStatus
    | SetPolicyStatus
    | SetMovePhase
    | SetHint
    | Forget
    | Tell
)
