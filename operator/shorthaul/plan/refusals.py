"""Who stays although traffic would have it elsewhere, and why.

A pod with traffic that may not move is told with its veto. A movable pod that stays is told when
some node would be nearer to what it talks to, with the first constraint that keeps it from the
nearest such node, or that the gain is not worth a move. A pod that is where it is best is no
refusal. All costs are those of the planned placement.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from shorthaul.cluster import checkers
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.worlds import World
from shorthaul.plan.least_gains import least_gain, move_price
from shorthaul.plan.plans import Refusal
from shorthaul.plan.requests import Request
from shorthaul.solve.problems import ROUNDING, Problem
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.solve.traffic_views import traffic as traffic_of
from shorthaul.traffic.graphs import Vertex
from shorthaul.units import NodeName, PodRef


def refusals(
    request: Request,
    world: World,
    problem: Problem,
    counts: SparseCounts,
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
    request: Request, world: World, problem: Problem, counts: SparseCounts
) -> Mapping[PodRef, Reason]:
    traffic = traffic_of(problem, counts)
    everywhere = np.arange(len(problem.nodes))
    found: dict[PodRef, Reason] = {}
    for index, group in enumerate(problem.groups):
        if not group.vertices:
            continue
        for node in np.intersect1d(problem.start.row(index)[0], counts.row(index)[0]).tolist():
            traffic.put(index, node, -1)
            field = traffic.field(index, everywhere)
            traffic.put(index, node, 1)
            gains = field[node] - field
            best = int(gains.argmax())
            for ref in _stayed(request, world, group.pods, problem.nodes[node]):
                reason = _reason(request, world, problem, ref, (best, int(gains[best])))
                if reason is not None:
                    found[ref] = reason
    return found


def _stayed(request: Request, world: World, pods: Sequence[PodRef], node: NodeName) -> list[PodRef]:
    """The pods that the plan leaves on a node."""
    before = request.snapshot.pods
    return [ref for ref in pods if world.pod(ref).node == before[ref].node == node]


def _reason(
    request: Request, world: World, problem: Problem, ref: PodRef, best: tuple[int, int]
) -> Reason | None:
    """Why a pod does not go where it would cost least."""
    node, gain = best
    if gain <= ROUNDING:
        return None
    name = problem.nodes[node]
    would = f"node {name} would gain {gain / problem.scale:.6g} {problem.pricing.unit}"
    if gain <= least_gain(request, problem):
        return Reason("NotWorthIt", f"{would}, a move has to gain {move_price(request):.6g}")
    reasons = checkers.check_target(world.pod(ref), world.nodes[name], world, request.rules)
    if reasons:
        return reasons[0]
    asked = request.max_moves if request.max_moves is not None else request.limit
    if asked is None:
        return None
    return Reason(
        "MoveBudgetSpent",
        f"{would}, other moves gain more within the limit of moves ({asked})",
    )
