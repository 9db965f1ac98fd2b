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
from shorthaul.units import Namespace, NodeName, PodRef

Placements = tuple[tuple[PodRef, NodeName], ...]


class PlannedMove(msgspec.Struct, frozen=True):
    """One move, as far as a score depends on it."""

    namespace: str
    pod: str
    target: str = msgspec.field(name="to")
    source: str = msgspec.field(name="from", default="")
    uid: str = ""


class PlanSpec(msgspec.Struct, frozen=True):
    """The moves, and the digests of what the plan was made from."""

    moves: tuple[PlannedMove, ...] = ()
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


def read_plan(path: str) -> EarlierPlan:
    """Reads the one plan in a file."""
    found = read_objects([path], PlacementPlan, partial=True)
    if len(found) > 1:
        raise BadInput(f"{path}: {len(found)} plans in there; give one")
    return EarlierPlan(path, found[0].spec.moves, found[0].spec.inputs)


def placements(plan: EarlierPlan, snapshot: Snapshot) -> Placements:
    """Where the plan puts each pod; raises BadInput for the first that no longer fits."""
    seen: set[PodRef] = set()
    for move in plan.moves:
        ref = PodRef(Namespace(move.namespace), move.pod)
        if ref in seen:
            raise BadInput(f"{plan.path}: pod {ref} is moved twice; a plan moves a pod once")
        seen.add(ref)
        _require_current(plan, move, ref, snapshot)
    return tuple(
        (PodRef(Namespace(move.namespace), move.pod), NodeName(move.target)) for move in plan.moves
    )


def _require_current(plan: EarlierPlan, move: PlannedMove, ref: PodRef, snapshot: Snapshot) -> None:
    remedy = "the plan is out of date, make a new one"
    pod = snapshot.pods.get(ref)
    if pod is None:
        raise BadInput(f"{plan.path}: pod {ref} is not in the cluster; {remedy}")
    if move.uid and move.uid != pod.uid:
        raise BadInput(
            f"{plan.path}: pod {ref} has uid {pod.uid}, the plan is for {move.uid}; {remedy}"
        )
    if move.source and move.source != pod.node:
        raise BadInput(
            f"{plan.path}: pod {ref} is on {pod.node or 'no node'}, the plan moves it from "
            f"{move.source}; {remedy}"
        )
    if move.target not in snapshot.nodes:
        raise BadInput(f"{plan.path}: node {move.target} is not in the cluster; {remedy}")


def digest_notes(plan: EarlierPlan, digests: Mapping[str, str]) -> Sequence[str]:
    """Which inputs differ from those that the plan was made from; a score may well be of others."""
    return [
        f"the plan was made with {name} {plan.inputs[name]}, this score with {digests[name]}"
        for name in ("cluster", "flows", "topology", "routing")
        if name in plan.inputs and name in digests and plan.inputs[name] != digests[name]
    ]
