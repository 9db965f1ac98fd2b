"""Which moves gain no more than rates may be off: such a gain cannot be told from nothing.

What a move saves is a sum over the edges of its pod, each in proportion to the edge's rate, so that
variances add (edges' errors count as independent; those of parts of one edge go together). An edge
whose error is not known is taken at its word. A move that only makes room has no gain to doubt.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.plan.drafts import Draft
from shorthaul.plan.motives import Motives
from shorthaul.plan.requests import Errors, Request
from shorthaul.solve import costs
from shorthaul.solve.problems import Problem
from shorthaul.traffic.graphs import Edge, Vertex
from shorthaul.traffic.rate_errors import NONE, RateError, independent
from shorthaul.units import PodRef

UNCERTAIN = "GainUncertain"
LEAST_FREEDOM = 3.0
"""Four windows that weigh alike: from fewer the error is no more than a guess, and nobody is held
back by it but by the windows that a gain has to last for."""


def errors_of(edges: Iterable[Edge]) -> Errors:
    """How far rates may be off, as shares of them, where that is known well enough."""
    return {
        (edge.client, edge.server): replace(edge.error, standard=edge.error.standard / edge.rate)
        for edge in edges
        if edge.error is not None
        and edge.error.standard > 0
        and edge.error.freedom >= LEAST_FREEDOM
        and edge.rate > 0
    }


def doubts(request: Request, problem: Problem, moves: Sequence[Draft]) -> Mapping[PodRef, Reason]:
    """The moves whose gain, beside all others, is within its margin."""
    if not request.errors:
        return {}
    where = costs.places(request.snapshot).moved((move.pod, move.target_name) for move in moves)
    told = Motives(request.attracting, where, request.distances, request.pricing)
    known: dict[tuple[int, int, int], Reason | None] = {}
    for move in moves:
        key = (move.group, move.source, move.target)
        if key not in known:
            pod = request.snapshot.pods[move.pod]
            saved = told.savings(pod, problem.nodes[move.source])
            known[key] = _doubt(move, saved, request)
    reasons = ((move.pod, known[move.group, move.source, move.target]) for move in moves)
    return {pod: reason for pod, reason in reasons if reason is not None}


def _doubt(
    move: Draft, saved: Sequence[tuple[RoutedEdge, float]], request: Request
) -> Reason | None:
    gain = math.fsum(each for _, each in saved)
    margin = error_of(saved, request.errors, request.snapshot).margin
    if not 0 < gain <= margin:
        return None
    return Reason(
        UNCERTAIN,
        f"node {move.target_name} would gain {gain:.6g} ± {margin:.6g} {request.pricing.unit}, "
        "which cannot be told from nothing",
    )


def error_of(
    saved: Iterable[tuple[RoutedEdge, float]], errors: Errors, snapshot: Snapshot
) -> RateError:
    """The error of what edges save together."""
    by_edge: dict[tuple[Vertex, Vertex], list[float]] = {}
    for edge, gain in saved:
        ends = edge.client, edge.server
        if ends not in errors:
            whole = tuple(snapshot.workload_of(end) or end for end in ends)
            ends = whole[0], whole[1]
        by_edge.setdefault(ends, []).append(gain)
    scaled = []
    for ends, gains in by_edge.items():
        error = errors.get(ends, NONE)
        scaled.append(replace(error, standard=error.standard * abs(math.fsum(gains))))
    return independent(scaled)
