"""PlacementPlan: an immutable proposal of ordered moves with its promise, bound and digest.

Written by the operator; `shorthaul plan -o json` prints the same object. An approval names the
digest of what was read, so that nobody approves what he has not seen; it is set once. In the API a
plan has at most 500 moves and 20 samples per reason of refusal; offline there is no such limit.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from shorthaul.api.affinitypolicies import Mode
from shorthaul.api.objects import (
    API_VERSION,
    Conditions,
    Count,
    Digest,
    Gain,
    KindName,
    Message,
    Moment,
    NamespaceName,
    Number,
    ObjectMeta,
    ObjectName,
    ReasonCode,
    Report,
    Share,
    UidText,
    UnitText,
    Value,
    WorkloadName,
    keyed,
    written,
)
from shorthaul.units import Objective

MOST_MOVES = 500
SAMPLES_PER_REASON = 20
InputName = Annotated[str, Meta(min_length=1, max_length=128)]
# Not maps keyed by namespace: the API server (1.36.3) then finds such a list unequal to itself.
ATOMIC = {"x-kubernetes-list-type": "atomic"}


class PlannedMove(Value, frozen=True, kw_only=True):
    """One pod to another node; `wave` says when."""

    namespace: NamespaceName
    pod: ObjectName
    uid: UidText
    workload: WorkloadName
    source: ObjectName = msgspec.field(name="from")
    target: ObjectName = msgspec.field(name="to")
    wave: Annotated[int, Meta(ge=0, le=100000)]
    gain: Gain
    reason: Message = ""


class PlannedObjective(Value, frozen=True, kw_only=True):
    """The objective before and after, and a proven bound below every feasible placement."""

    name: Objective
    unit: UnitText
    before: Number
    after: Number
    lower_bound: Number
    bound_method: Annotated[str, Meta(max_length=256)] = ""
    bound_assumes: Annotated[str, Meta(max_length=512)] = ""


class TierShares(Value, frozen=True, kw_only=True):
    """Shares of the traffic by the smallest tier that both ends share; they sum to 1."""

    host: Share
    rack: Share
    zone: Share
    region: Share
    beyond: Share


class PlannedLocality(Value, frozen=True, kw_only=True):
    """Shares of the traffic per tier before and after the plan."""

    before: TierShares
    after: TierShares


class PlannedRouting(Value, frozen=True, kw_only=True):
    """Another trafficDistribution of a Service, to be set by its owner after the moves."""

    namespace: NamespaceName
    service: ObjectName
    before: Annotated[str, Meta(max_length=63)] = msgspec.field(name="from", default="")
    after: Annotated[str, Meta(min_length=1, max_length=63)] = msgspec.field(name="to")
    gain: Gain
    largest_endpoint_load: Annotated[Number, Meta(description="Of any endpoint, in fair shares.")]


class RefusedRouting(Value, frozen=True, kw_only=True):
    """A trafficDistribution that would gain, and why it is not recommended."""

    namespace: NamespaceName
    service: ObjectName
    wanted: Annotated[str, Meta(min_length=1, max_length=63)] = msgspec.field(name="to")
    reason: ReasonCode
    message: Message = ""


class SampleRefusal(Value, frozen=True, kw_only=True):
    """A pod that stays, and why."""

    namespace: NamespaceName
    pod: ObjectName
    reason: ReasonCode
    message: Message = ""


class ReasonCount(Value, frozen=True, kw_only=True):
    """How many pods stay for one reason."""

    reason: ReasonCode
    count: Count


class PolicyReference(Value, frozen=True, kw_only=True):
    """An AffinityPolicy that the plan is for."""

    namespace: NamespaceName
    name: ObjectName
    generation: Count = 0


class Approval(Value, frozen=True, kw_only=True):
    """The digest of the plan that is approved."""

    digest: Digest


class PlacementPlanSpec(Value, frozen=True, kw_only=True):
    """What would be moved, in which order, and what it would gain."""

    objective: PlannedObjective
    locality: PlannedLocality
    moves: Annotated[
        tuple[PlannedMove, ...],
        Meta(max_length=MOST_MOVES, extra_json_schema=ATOMIC),
    ] = ()
    routing: Annotated[
        tuple[PlannedRouting, ...], Meta(max_length=500, extra_json_schema=ATOMIC)
    ] = ()
    routing_refusals: Annotated[
        tuple[RefusedRouting, ...], Meta(max_length=500, extra_json_schema=ATOMIC)
    ] = ()
    mode: Mode | None = None
    policies: Annotated[
        tuple[PolicyReference, ...],
        Meta(max_length=1000, extra_json_schema=ATOMIC),
    ] = ()
    predicted: Annotated[
        Gain | None, Meta(description="What the moves of this object save together.")
    ] = None
    digest: Annotated[
        Digest | None, Meta(description="Of the moves and what they promise; approvals name it.")
    ] = None
    expires_at: Annotated[
        Moment | None, Meta(description="After this it can be neither approved nor begun.")
    ] = None
    refusals: Annotated[
        tuple[SampleRefusal, ...],
        Meta(
            max_length=1280,
            description="Pods that stay, at most 20 per reason.",
            extra_json_schema=ATOMIC,
        ),
    ] = ()
    refusal_counts: Annotated[
        tuple[ReasonCount, ...], Meta(max_length=64, extra_json_schema=keyed("reason"))
    ] = ()
    inputs: Annotated[
        dict[InputName, Annotated[str, Meta(max_length=512)]],
        Meta(max_length=64, description="Digests, seed and versions to compute it again."),
    ] = msgspec.field(default_factory=dict)
    notes: Annotated[tuple[Message, ...], Meta(max_length=32, extra_json_schema=ATOMIC)] = ()
    time_limited: bool = False
    approval: Annotated[
        Approval | None,
        Meta(description="Set once, by who may approve placementplans."),
    ] = None


class PlanPhase(StrEnum):
    """How far a plan is."""

    PROPOSED = "Proposed"
    APPROVED = "Approved"
    EXECUTING = "Executing"
    DONE = "Done"
    EXPIRED = "Expired"
    REFUSED = "Refused"
    SUPERSEDED = "Superseded"


class Progress(Report, frozen=True, kw_only=True):
    """Moves by how they stand; they sum to all."""

    moves: Count = 0
    pending: Count = 0
    running: Count = 0
    landed: Count = 0
    elsewhere: Count = 0
    failed: Count = 0
    refused: Count = 0


class PlanVerification(Report, frozen=True, kw_only=True):
    """The promise against what was measured after the moves."""

    promised: Number
    measured: Number
    ratio: Number
    unit: UnitText
    windows: Count = 0
    error: Annotated[
        Number | None,
        Meta(description="Half the 95 % interval of measured; absent if one window says it all."),
    ] = None
    mean_before: Annotated[
        Number | None,
        Meta(
            description="How far a unit of traffic of the moved workloads travelled before, on "
            "average: the milliseconds of a request for objective latency."
        ),
    ] = None
    mean_after: Annotated[Number | None, Meta(description="The same after the moves.")] = None


class Baseline(Report, frozen=True, kw_only=True):
    """What was measured before the moves: the traffic of the moved workloads and its travel."""

    rate: Number
    cost: Annotated[Number, Meta(description="Rate times distance, in the objective's unit.")]
    windows: Count = 0
    error: Annotated[
        Number | None,
        Meta(description="Half the 95 % interval of the mean distance of a unit of traffic."),
    ] = None


class GatheredWorkload(Report, frozen=True, kw_only=True):
    """A workload that the plan brings together with others; its rollouts are hinted to stay."""

    namespace: NamespaceName
    kind: KindName
    name: ObjectName


class PlacementPlanStatus(Report, frozen=True, kw_only=True):
    """Phase, progress and what came of it."""

    observed_generation: Count = 0
    conditions: Conditions = ()
    phase: PlanPhase | None = None
    reason: Annotated[str, Meta(max_length=128)] = ""
    message: Message = ""
    started_at: Moment | None = None
    finished_at: Moment | None = None
    progress: Progress | None = None
    baseline: Baseline | None = None
    gathered: Annotated[
        tuple[GatheredWorkload, ...],
        Meta(
            max_length=1000,
            description="Moved workloads and those that they were moved to.",
            extra_json_schema=ATOMIC,
        ),
    ] = ()
    verification: PlanVerification | None = None


class PlacementPlan(Value, frozen=True, kw_only=True):
    """An immutable proposal of moves."""

    metadata: ObjectMeta
    spec: PlacementPlanSpec
    status: PlacementPlanStatus = PlacementPlanStatus()
    api_version: str = written(API_VERSION)
    kind: str = written("PlacementPlan")
