"""A plan as an immutable value: what moves where, in which order, for what gain, and what may not.

The executor has no choice left to make: everything it needs is in here. `plan.manifests` turns it
into the PlacementPlan object of the API, `report` into text.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shorthaul.cluster.reasons import Reason
from shorthaul.units import Namespace, NodeName, Objective, PodRef, Tier, Uid, WorkloadRef


@dataclass(frozen=True, slots=True)
class Move:
    """One pod to another node; `gain` is the cost that undoing it alone would add."""

    pod: PodRef
    uid: Uid
    workload: WorkloadRef
    source: NodeName
    target: NodeName
    wave: int
    gain: float
    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A pod that stays though traffic would have it elsewhere, or that may never move."""

    pod: PodRef
    reason: Reason


@dataclass(frozen=True, slots=True)
class Value:
    """The objective before and after, and a proven bound below every feasible placement."""

    objective: Objective
    unit: str
    before: float
    after: float
    lower_bound: float
    bound_method: str
    bound_assumes: str = ""


@dataclass(frozen=True, slots=True)
class Locality:
    """Shares of traffic by the smallest tier that both ends share; they sum to 1."""

    before: Mapping[Tier, float]
    after: Mapping[Tier, float]


@dataclass(frozen=True, slots=True, order=True)
class Recommendation:
    """Another trafficDistribution of a Service, good once the moves are made.

    `before` "" is none set; `gain` is at the planned placement, in the objective's unit; `load` is
    the largest load of an endpoint in fair shares.
    """

    namespace: Namespace
    service: str
    before: str
    after: str
    gain: float
    load: float


@dataclass(frozen=True, slots=True, order=True)
class RoutingRefusal:
    """A trafficDistribution that would gain, and why it is not recommended."""

    namespace: Namespace
    service: str
    wanted: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Plan:
    """Moves sorted by wave, then gain (falling), then pod; refusals sorted by pod.

    `routing` and its refusals are sorted by Service, and empty unless they were asked for.
    """

    moves: tuple[Move, ...]
    value: Value
    locality: Locality
    refusals: tuple[Refusal, ...]
    inputs: Mapping[str, str]
    notes: tuple[str, ...] = ()
    time_limited: bool = False
    routing: tuple[Recommendation, ...] = ()
    routing_refusals: tuple[RoutingRefusal, ...] = ()
