"""A plan made before, read back: only what scoring needs, and held against the cluster of today.

A plan says of each pod which one it means (uid) and where it was; a pod that is gone, replaced or
elsewhere makes the plan out of date, and a score of it would be a number without a meaning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from shorthaul.cli.object_files import read_objects
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.errors import BadInput
from shorthaul.plan.plans import Recommendation
from shorthaul.plan.recommendations import DISTRIBUTIONS
from shorthaul.units import Namespace, NodeName, PodRef

REMEDY = "the plan is out of date, make a new one"
Placements = tuple[tuple[PodRef, NodeName], ...]


class PlannedMove(msgspec.Struct, frozen=True):
    """One move, as far as a score depends on it."""

    namespace: str
    pod: str
    target: str = msgspec.field(name="to")
    source: str = msgspec.field(name="from", default="")
    uid: str = ""


class PlannedRouting(msgspec.Struct, frozen=True):
    """What is recommended for one Service."""

    namespace: str
    service: str
    after: str = msgspec.field(name="to")


class PlanSpec(msgspec.Struct, frozen=True):
    """The moves, the routing, and the digests of what the plan was made from."""

    moves: tuple[PlannedMove, ...] = ()
    routing: tuple[PlannedRouting, ...] = ()
    inputs: Mapping[str, str] = msgspec.field(default_factory=dict)


class PlacementPlan(msgspec.Struct, frozen=True):
    """A PlacementPlan with the fields that we read; files hold more moves than the API allows."""

    spec: PlanSpec


@dataclass(frozen=True, slots=True)
class EarlierPlan:
    """What a plan file says; `path` is for messages."""

    path: str
    moves: tuple[PlannedMove, ...]
    inputs: Mapping[str, str]
    routing: tuple[PlannedRouting, ...] = ()


def read_plan(path: str) -> EarlierPlan:
    """Reads the one plan in a file."""
    found = read_objects([path], PlacementPlan, partial=True)
    if len(found) > 1:
        raise BadInput(f"{path}: {len(found)} plans in there; give one")
    spec = found[0].spec
    return EarlierPlan(path, spec.moves, spec.inputs, spec.routing)


def placements(plan: EarlierPlan, snapshot: Snapshot) -> Placements:
    """Where the plan puts each pod; raises BadInput for the first that no longer fits."""
    found: dict[PodRef, NodeName] = {}
    for move in plan.moves:
        ref = PodRef(Namespace(move.namespace), move.pod)
        if ref not in found:
            _require_current(plan, move, ref, snapshot)
        elif move.source != found[ref]:
            raise BadInput(
                f"{plan.path}: pod {ref} is moved twice, to {found[ref]} and then from "
                f"{move.source or 'nowhere'}; a second move starts where the first one ended"
            )
        elif move.target not in snapshot.nodes:
            raise BadInput(f"{plan.path}: node {move.target} is not in the cluster; {REMEDY}")
        found[ref] = NodeName(move.target)
    return tuple(found.items())


def routing(plan: EarlierPlan) -> tuple[Recommendation, ...]:
    """What the plan recommends for Services; raises BadInput for an unknown distribution."""
    for one in plan.routing:
        if one.after not in DISTRIBUTIONS:
            raise BadInput(
                f"{plan.path}: Service {one.namespace}/{one.service} should get {one.after!r}, "
                f"known are {', '.join(DISTRIBUTIONS)}"
            )
    return tuple(
        Recommendation(Namespace(one.namespace), one.service, "", one.after, 0.0, 0.0)
        for one in plan.routing
    )


def _require_current(plan: EarlierPlan, move: PlannedMove, ref: PodRef, snapshot: Snapshot) -> None:
    pod = snapshot.pods.get(ref)
    if pod is None:
        raise BadInput(f"{plan.path}: pod {ref} is not in the cluster; {REMEDY}")
    if move.uid and move.uid != pod.uid:
        raise BadInput(
            f"{plan.path}: pod {ref} has uid {pod.uid}, the plan is for {move.uid}; {REMEDY}"
        )
    if move.source and move.source != pod.node:
        raise BadInput(
            f"{plan.path}: pod {ref} is on {pod.node or 'no node'}, the plan moves it from "
            f"{move.source}; {REMEDY}"
        )
    if move.target not in snapshot.nodes:
        raise BadInput(f"{plan.path}: node {move.target} is not in the cluster; {REMEDY}")


def digest_notes(plan: EarlierPlan, digests: Mapping[str, str]) -> Sequence[str]:
    """Which inputs differ from those that the plan was made from; a score may well be of others."""
    return [
        f"the plan was made with {name} {plan.inputs[name]}, this score with {digests[name]}"
        for name in ("cluster", "flows", "topology", "routing")
        if name in plan.inputs and name in digests and plan.inputs[name] != digests[name]
    ]
