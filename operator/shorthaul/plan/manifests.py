"""A plan as the PlacementPlan object: for `-o json`, and bounded as the API takes it.

Both forms carry the same digest, over the canonical JSON of moves, routing and inputs: who approves
a digest has approved these moves. No time of day is part of a plan; the expiry of a proposal is
given by the operator. The bounded form has at most 500 moves, the earliest waves, and 20 samples
per reason.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shorthaul.api import placementplans as api
from shorthaul.api.affinitypolicies import Mode
from shorthaul.api.objects import API_VERSION, Gain, ObjectMeta, WorkloadName
from shorthaul.api.policies import PolicyRef
from shorthaul.plan.plans import Move, Plan, Recommendation, Refusal
from shorthaul.units import TIERS, Tier

LONGEST_MESSAGE = 1024
NAME_DIGITS = 12


def manifest(plan: Plan) -> dict[str, Any]:
    """The whole plan as plain data, ready for JSON or YAML."""
    fingerprint = digest(plan)
    return {
        "apiVersion": API_VERSION,
        "kind": "PlacementPlan",
        "metadata": {"name": _name(plan, fingerprint)},
        "spec": {
            "objective": {
                "name": str(plan.value.objective),
                "unit": plan.value.unit,
                "before": plan.value.before,
                "after": plan.value.after,
                "lowerBound": plan.value.lower_bound,
                "boundMethod": plan.value.bound_method,
                "boundAssumes": plan.value.bound_assumes,
            },
            "locality": {
                "before": _shares(plan.locality.before),
                "after": _shares(plan.locality.after),
            },
            "moves": [_move(move, plan.value.unit) for move in plan.moves],
            **_routing(plan),
            "refusals": [_refusal(refusal) for refusal in plan.refusals],
            "digest": fingerprint,
            "inputs": dict(plan.inputs),
            "notes": list(plan.notes),
            "timeLimited": plan.time_limited,
        },
    }


def proposal(
    plan: Plan,
    *,
    mode: Mode,
    policies: Sequence[tuple[PolicyRef, int]],
    now: datetime,
    expiry_seconds: float,
) -> api.PlacementPlan:
    """The plan as the operator writes it; only what fits the API is promised."""
    moves = plan.moves[: api.MOST_MOVES]
    unit = plan.value.unit
    fingerprint = digest(plan)
    notes = list(plan.notes)
    if len(moves) < len(plan.moves):
        notes.append(f"the first {len(moves)} of {len(plan.moves)} moves; the rest is planned anew")
    spec = api.PlacementPlanSpec(
        objective=_objective(plan),
        locality=api.PlannedLocality(
            before=api.TierShares(**_shares(plan.locality.before)),
            after=api.TierShares(**_shares(plan.locality.after)),
        ),
        moves=tuple(_planned(move, unit) for move in moves),
        mode=mode,
        policies=tuple(
            api.PolicyReference(namespace=ref.namespace, name=ref.name, generation=generation)
            for ref, generation in sorted(policies)
        ),
        predicted=Gain(value=_shown(plan.value.before - plan.value.after), unit=unit),
        digest=fingerprint,
        expires_at=now + timedelta(seconds=expiry_seconds),
        refusals=tuple(_samples(plan.refusals)),
        refusal_counts=tuple(
            api.ReasonCount(reason=code, count=count)
            for code, count in sorted(
                Counter(refusal.reason.code for refusal in plan.refusals).items()
            )
        ),
        inputs=dict(plan.inputs),
        notes=tuple(note[:LONGEST_MESSAGE] for note in notes[:32]),
        time_limited=plan.time_limited,
    )
    return api.PlacementPlan(metadata=ObjectMeta(name=_name(plan, fingerprint)), spec=spec)


def digest(plan: Plan) -> str:
    """The fingerprint of the moves and the inputs."""
    content = {
        "moves": [_move(move, plan.value.unit) for move in plan.moves],
        "inputs": dict(plan.inputs),
        **_routing(plan),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _name(plan: Plan, fingerprint: str) -> str:
    return f"{plan.value.objective}-{fingerprint.removeprefix('sha256:')[:NAME_DIGITS]}"


def _move(move: Move, unit: str) -> dict[str, Any]:
    return {
        "namespace": move.pod.namespace,
        "pod": move.pod.name,
        "uid": move.uid,
        "workload": {"kind": move.workload.kind, "name": move.workload.name},
        "from": move.source,
        "to": move.target,
        "wave": move.wave,
        "gain": {"value": move.gain, "unit": unit},
        "reason": move.reason,
    }


def _routing(plan: Plan) -> dict[str, Any]:
    """What is recommended for Services; nothing at all where nobody asked."""
    found: dict[str, Any] = {}
    if plan.routing:
        found["routing"] = [_recommended(one, plan.value.unit) for one in plan.routing]
    if plan.routing_refusals:
        found["routingRefusals"] = [
            {
                "namespace": one.namespace,
                "service": one.service,
                "to": one.wanted,
                "reason": one.reason.code,
                "message": one.reason.message,
            }
            for one in plan.routing_refusals
        ]
    return found


def _recommended(one: Recommendation, unit: str) -> dict[str, Any]:
    return {
        "namespace": one.namespace,
        "service": one.service,
        "from": one.before,
        "to": one.after,
        "gain": {"value": one.gain, "unit": unit},
        "largestEndpointLoad": one.load,
    }


def _refusal(refusal: Refusal) -> dict[str, str]:
    return {
        "namespace": refusal.pod.namespace,
        "pod": refusal.pod.name,
        "reason": refusal.reason.code,
        "message": refusal.reason.message,
    }


def _shares(shares: Mapping[Tier, float]) -> dict[str, float]:
    return {str(tier): shares.get(tier, 0.0) for tier in TIERS}


def _objective(plan: Plan) -> api.PlannedObjective:
    value = plan.value
    return api.PlannedObjective(
        name=value.objective,
        unit=value.unit,
        before=value.before,
        after=value.after,
        lower_bound=value.lower_bound,
        bound_method=value.bound_method,
        bound_assumes=value.bound_assumes,
    )


def _shown(value: float) -> float:
    """Six digits, for `kubectl get`, which prints what is stored; the objective has all digits."""
    return float(f"{value:.6g}")


def _planned(move: Move, unit: str) -> api.PlannedMove:
    return api.PlannedMove(
        namespace=move.pod.namespace,
        pod=move.pod.name,
        uid=move.uid,
        workload=WorkloadName(kind=move.workload.kind, name=move.workload.name),
        source=move.source,
        target=move.target,
        wave=move.wave,
        gain=Gain(value=move.gain, unit=unit),
        reason=move.reason[:LONGEST_MESSAGE],
    )


def _samples(refusals: Sequence[Refusal]) -> list[api.SampleRefusal]:
    """The first of each reason, no more than the API takes."""
    seen: Counter[str] = Counter()
    found = []
    for refusal in refusals:
        seen[refusal.reason.code] += 1
        if seen[refusal.reason.code] <= api.SAMPLES_PER_REASON:
            found.append(
                api.SampleRefusal(
                    namespace=refusal.pod.namespace,
                    pod=refusal.pod.name,
                    reason=refusal.reason.code,
                    message=refusal.reason.message[:LONGEST_MESSAGE],
                )
            )
    return found
