"""PlacementHint: where the next pods of a namespace's workloads should preferably land.

There is one per namespace, named `active`, because the MutatingAdmissionPolicy that reads it finds
its parameter by name: one object per workload would cost every pod creation time for each. The key
is `<Kind>.<name>` of the workload, never of a ReplicaSet, whose name changes with each rollout.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from shorthaul.api.objects import (
    API_VERSION,
    LabelKey,
    LabelValue,
    Moment,
    ObjectMeta,
    ObjectName,
    Value,
    unique,
    written,
)
from shorthaul.units import WorkloadRef

NAME = "active"
MOST_TERMS = 4
MOST_VALUES = 64
MOST_WORKLOADS = 5000


HintKey = Annotated[str, Meta(min_length=3, max_length=317)]


class HintTerm(Value, frozen=True, kw_only=True):
    """A preferred node affinity term: nodes whose label has one of the values are liked."""

    weight: Annotated[int, Meta(ge=1, le=100)]
    key: LabelKey
    values: Annotated[
        tuple[LabelValue, ...],
        Meta(min_length=1, max_length=MOST_VALUES, extra_json_schema=unique()),
    ]


class WorkloadHint(Value, frozen=True, kw_only=True):
    """What the next pods of one workload prefer, and the plan that wants it."""

    terms: Annotated[
        tuple[HintTerm, ...],
        Meta(
            min_length=1,
            max_length=MOST_TERMS,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ]
    plan: ObjectName
    expires: Annotated[Moment | None, Meta(description="When the operator takes it away.")] = None


class PlacementHintSpec(Value, frozen=True, kw_only=True):
    """Hints by workload, keyed <Kind>.<name>."""

    workloads: Annotated[dict[HintKey, WorkloadHint], Meta(max_length=MOST_WORKLOADS)] = (
        msgspec.field(default_factory=dict)
    )


class PlacementHint(Value, frozen=True, kw_only=True):
    """The hints of one namespace."""

    metadata: ObjectMeta
    spec: PlacementHintSpec
    api_version: str = written(API_VERSION)
    kind: str = written("PlacementHint")


def key(workload: WorkloadRef) -> str:
    """The name under which the admission policy looks a workload up."""
    return f"{workload.kind}.{workload.name}"
