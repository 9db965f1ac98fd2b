"""Why a pod moves, or does not, for programs: all peers, all nodes, all reasons."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shorthaul.cluster.reasons import Reason
from shorthaul.plan.explanations import Explanation
from shorthaul.plan.plans import Move
from shorthaul.report.map_objects import end_object, routing_objects


def explanation_object(found: Explanation, notes: Sequence[str]) -> Mapping[str, Any]:
    """The explanation as plain values; `move` is null when the pod stays."""
    return {
        "namespace": found.pod.namespace,
        "pod": found.pod.name,
        "workload": end_object(found.workload),
        "node": found.node,
        "unit": found.unit,
        "cost": found.cost,
        "totalCost": found.total,
        "move": None if found.move is None else _move(found.move),
        "refusal": None if found.refusal is None else _reason(found.refusal),
        "vetoes": _reasons(found.vetoes),
        "peers": [
            {
                **end_object(talk.peer),
                "rate": talk.rate,
                "cost": talk.cost,
                "nearest": str(talk.tier),
            }
            for talk in found.talks
        ],
        "routings": routing_objects(found.routings),
        "outside": [
            {"name": one.name, "rate": one.rate, "tier": one.tier and str(one.tier)}
            for one in found.outside
        ],
        "nodes": [
            {
                "node": candidate.node,
                "gain": candidate.gain,
                "reasons": _reasons(candidate.reasons),
            }
            for candidate in found.candidates
        ],
        "notes": list(notes),
    }


def _move(move: Move) -> Mapping[str, Any]:
    return {
        "from": move.source,
        "to": move.target,
        "wave": move.wave,
        "gain": move.gain,
        "reason": move.reason,
    }


def _reasons(reasons: Iterable[Reason]) -> list[Mapping[str, str]]:
    return [_reason(reason) for reason in reasons]


def _reason(reason: Reason) -> Mapping[str, str]:
    return {"reason": reason.code, "message": reason.message}
