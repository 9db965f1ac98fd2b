"""What the operator tells of an AffinityPolicy, and the budgets it has spent on its behalf.

Budgets and the operator's own pause live here and nowhere else, so that a restart keeps them.
"""

from typing import Annotated

from msgspec import Meta

from shorthaul.api.objects import (
    Amount,
    Conditions,
    Count,
    KindName,
    Message,
    Moment,
    Number,
    ObjectName,
    ReasonCode,
    Report,
    UnitText,
    keyed,
)


class Current(Report, frozen=True, kw_only=True):
    """Cost and locality of the traffic of these workloads now."""

    unit: UnitText
    cost: Amount
    host: Amount = 0.0
    rack: Amount = 0.0
    zone: Amount = 0.0
    region: Amount = 0.0
    beyond: Amount = 0.0


class StartedMove(Report, frozen=True, kw_only=True):
    """A move that counts against the hourly budget."""

    kind: KindName
    name: ObjectName
    time: Moment


class Budgets(Report, frozen=True, kw_only=True):
    """What has been spent, kept here so that a restart of the operator keeps it."""

    moves: Annotated[
        tuple[StartedMove, ...],
        Meta(
            max_length=1000,
            description="Evictions of the last hour, and moves that may still come to one.",
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()
    last_moves: Annotated[
        tuple[StartedMove, ...],
        Meta(
            max_length=1000,
            description="The last move of each workload that is cooling down.",
            extra_json_schema=keyed("kind", "name"),
        ),
    ] = ()


class Verification(Report, frozen=True, kw_only=True):
    """Whether what was promised was measured."""

    promised: Number = 0.0
    measured: Number = 0.0
    ratio: Number = 1.0
    unit: Annotated[str, Meta(max_length=64)] = ""
    moves_verified: Count = 0
    ratios: Annotated[
        tuple[Number, ...],
        Meta(
            max_length=5,
            description="Measured over promised of the last five plans, oldest first.",
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()
    failures: Annotated[int, Meta(ge=0, le=5)] = 0


class Paused(Report, frozen=True, kw_only=True):
    """The operator's own pause; a new generation of the spec ends it."""

    by: Annotated[str, Meta(min_length=1, max_length=63)]
    reason: ReasonCode
    generation: Count
    message: Message = ""
    since: Moment | None = None


class InForce(Report, frozen=True, kw_only=True):
    """The times that apply to this policy, from its spec or the operator's settings."""

    window_seconds: Amount
    half_life_windows: Amount
    persistence_windows: Count
    verification_windows: Count
    approval_seconds: Amount
    least_gain_percent: Amount


class RefusalCount(Report, frozen=True, kw_only=True):
    """How many pods stay for one reason, with one example."""

    reason: ReasonCode
    count: Count
    example: Message = ""


class AffinityPolicyStatus(Report, frozen=True, kw_only=True):
    """What the operator sees and has done."""

    observed_generation: Count = 0
    conditions: Conditions = ()
    workloads: Count = 0
    pods: Count = 0
    current: Current | None = None
    plan: Annotated[str, Meta(max_length=253)] = ""
    moves_proposed: Count = 0
    waiting: Annotated[
        tuple[RefusalCount, ...],
        Meta(
            max_length=64,
            description="Why moves wait or are refused.",
            extra_json_schema=keyed("reason"),
        ),
    ] = ()
    budgets: Budgets | None = None
    verification: Verification | None = None
    paused: Paused | None = None
    in_force: InForce | None = None
