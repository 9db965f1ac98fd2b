"""Who stays although traffic would have it elsewhere, and why.

A pod with traffic that may not move is told with its veto. A movable pod that stays is told when
some node would be nearer to what it talks to, with the first constraint that keeps it from the
nearest such node, or that the gain is not worth a move. A pod that is where it is best is no
refusal. All costs are those of the planned placement.
"""

from collections.abc import Mapping

import numpy as np

from shorthaul.cluster import checkers
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.worlds import World
from shorthaul.plan.plans import Refusal
from shorthaul.plan.requests import Request
from shorthaul.solve.problems import ROUNDING, Ints, Problem
from shorthaul.solve.traffic_states import TrafficState
from shorthaul.traffic.graphs import Vertex
from shorthaul.units import PodRef


def refusals(
    request: Request,
    world: World,
    problem: Problem,
    counts: Ints,
    known: Mapping[PodRef, Reason],
) -> tuple[Refusal, ...]:
    """All refusals, sorted by pod; `world` is the planned placement, `known` what is sure."""
    ends: set[Vertex] = {end for edge in request.edges for end in (edge.client, edge.server)}
    found = {
        ref: reason
        for ref, reason in known.items()
        if ref in ends or world.pod(ref).workload in ends
    }
    for ref, reason in _staying(request, world, problem, counts).items():
        found.setdefault(ref, reason)
    return tuple(Refusal(ref, found[ref]) for ref in sorted(found))


def _staying(
    request: Request, world: World, problem: Problem, counts: Ints
) -> Mapping[PodRef, Reason]:
    traffic = TrafficState(problem, counts)
    everywhere = np.arange(len(problem.nodes))
    found: dict[PodRef, Reason] = {}
    for index, group in enumerate(problem.groups):
        if not group.vertices:
            continue
        for node in np.flatnonzero((problem.start[index] > 0) & (counts[index] > 0)).tolist():
            traffic.put(index, node, -1)
            field = traffic.field(index, everywhere)
            traffic.put(index, node, 1)
            reason = _reason(request, world, problem, group.pods, node, field)
            if reason is not None:
                name = problem.nodes[node]
                found |= {ref: reason for ref in group.pods if world.pod(ref).node == name}
    return found


def _reason(
    request: Request,
    world: World,
    problem: Problem,
    pods: tuple[PodRef, ...],
    node: int,
    field: Ints,
) -> Reason | None:
    """Why the pods of a group on a node do not go where they would cost least."""
    least = max(ROUNDING, round(problem.scale * request.move_price))
    gains = field[node] - field
    best = int(gains.argmax())
    staying = [ref for ref in pods if world.pod(ref).node == problem.nodes[node]]
    if gains[best] <= least or not staying:
        return _not_worth(int(gains[best]), best, problem, request)
    target = world.nodes[problem.nodes[best]]
    reasons = checkers.check_target(world.pod(staying[0]), target, world, request.rules)
    return reasons[0] if reasons else _not_worth(int(gains[best]), best, problem, request)


def _not_worth(gain: int, target: int, problem: Problem, request: Request) -> Reason | None:
    if gain <= ROUNDING:
        return None
    text = f"{gain / problem.scale:.6g} {problem.pricing.unit}"
    if request.limit is not None or request.max_moves is not None:
        asked = request.max_moves if request.max_moves is not None else request.limit
        return Reason(
            "MoveBudgetSpent",
            f"node {problem.nodes[target]} would gain {text}, other moves gain more within the "
            f"limit of moves ({asked})",
        )
    if request.move_price > 0:
        return Reason(
            "NotWorthIt",
            f"node {problem.nodes[target]} would gain {text}, a move has to gain "
            f"{request.move_price:.6g}",
        )
    return None
