"""Poses the solver's problem for a request: which pods, which edges, which prices."""

from collections.abc import Mapping

from shorthaul.cluster.worlds import World
from shorthaul.plan import vetoes
from shorthaul.plan.least_gains import least_gain
from shorthaul.plan.requests import Request
from shorthaul.solve.building import build_problem
from shorthaul.solve.problems import Problem
from shorthaul.solve.solvers import Effort
from shorthaul.units import NodeName, PodRef

Allowed = Mapping[PodRef, frozenset[NodeName]]


def pose(request: Request, allowed: Allowed | None = None) -> Problem:
    """The problem of placing the pods in `allowed`; without it, of all that may move."""
    if allowed is None:
        world = World(request.snapshot, request.rules, request.clients)
        allowed = vetoes.vet(request, world).allowed
    return build_problem(
        request.snapshot,
        request.attracting,
        request.distances,
        request.rules,
        allowed=allowed,
        pricing=request.pricing,
    )


def effort_of(request: Request, problem: Problem, bound: float = 0.0) -> Effort:
    """How hard the solver shall try, and whom it tells; `bound` is a proven one of the cost."""

    def tell(share: float, cost: int) -> None:
        request.tell(share, cost / problem.scale, bound)

    return Effort(request.seed, least_gain(request, problem), request.limit, request.expired, tell)
