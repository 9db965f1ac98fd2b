"""PodMove: one move's durable state machine, in the pod's own namespace so its owner can see it.

Written by the operator before every step, so that a crash neither loses nor repeats a move. The
epoch is that of the leader who wrote last: the API server refuses one that is smaller, since a
Lease alone cannot fence an eviction. What has ended stays as it is.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from shorthaul.api.objects import (
    API_VERSION,
    Conditions,
    Count,
    Digest,
    Gain,
    Message,
    Moment,
    ObjectMeta,
    ObjectName,
    Report,
    UidText,
    Value,
    WorkloadName,
    rules,
    unique,
    written,
)
from shorthaul.units import Namespace, WorkloadRef


class MovedPod(Value, frozen=True, kw_only=True):
    """The pod that is moved, told from later ones of the same name by its uid."""

    name: ObjectName
    uid: UidText


class PodMoveSpec(Value, frozen=True, kw_only=True):
    """What is moved where, and for which plan; it never changes."""

    plan: ObjectName
    digest: Digest
    policy: Annotated[ObjectName, Meta(description="The AffinityPolicy of this namespace.")]
    pod: MovedPod
    workload: WorkloadName
    source: ObjectName = msgspec.field(name="from")
    target: ObjectName = msgspec.field(name="to")
    wave: Annotated[int, Meta(ge=0, le=100000)]
    gain: Gain


class MovePhase(StrEnum):
    """How far a move is; the last four are ends."""

    PENDING = "Pending"
    ADMITTED = "Admitted"
    HINTED = "Hinted"
    CHECKED = "Checked"
    EVICTING = "Evicting"
    EVICTED = "Evicted"
    LANDED = "Landed"
    ELSEWHERE = "Elsewhere"
    FAILED = "Failed"
    REFUSED = "Refused"


class Replacement(Report, frozen=True, kw_only=True):
    """The pod that came instead."""

    name: ObjectName
    uid: UidText
    node: Annotated[str, Meta(max_length=253)] = ""


class Transition(Report, frozen=True, kw_only=True):
    """When a phase was entered."""

    phase: MovePhase
    time: Moment


class PodMoveStatus(Report, frozen=True, kw_only=True):
    """How the move stands."""

    observed_generation: Count = 0
    conditions: Conditions = ()
    phase: MovePhase | None = None
    epoch: Annotated[
        int,
        Meta(
            ge=0,
            le=2**53,
            description="The leadership in which this was written.",
            extra_json_schema=rules(("self >= oldSelf", "epoch may not fall: another leads now")),
        ),
    ] = 0
    known_uids: Annotated[
        tuple[UidText, ...],
        Meta(
            max_length=5000,
            description="Pods of the workload from before the eviction.",
            extra_json_schema=unique(),
        ),
    ] = ()
    replacement: Replacement | None = None
    attempts: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Evictions that were asked for.",
            extra_json_schema=rules(("self >= oldSelf", "attempts may not fall")),
        ),
    ] = 0
    reason: Annotated[str, Meta(max_length=128)] = ""
    message: Message = ""
    started_at: Moment | None = None
    finished_at: Moment | None = None
    transitions: Annotated[
        tuple[Transition, ...],
        Meta(max_length=64, extra_json_schema={"x-kubernetes-list-type": "atomic"}),
    ] = ()


ENDS = (MovePhase.LANDED, MovePhase.ELSEWHERE, MovePhase.FAILED, MovePhase.REFUSED)


class PodMove(Value, frozen=True, kw_only=True):
    """One pod on its way to another node."""

    metadata: ObjectMeta
    spec: PodMoveSpec
    status: PodMoveStatus = PodMoveStatus()
    api_version: str = written(API_VERSION)
    kind: str = written("PodMove")


def workload_of(move: PodMove) -> WorkloadRef:
    """The workload whose pod a move moves."""
    its = move.spec.workload
    return WorkloadRef(Namespace(move.metadata.namespace), its.kind, its.name)
