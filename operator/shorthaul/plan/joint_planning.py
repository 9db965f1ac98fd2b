"""Plans moves and routing together, in two ways, and takes the better plan.

One searches places and routing at once, within the limit of load (`joint_searches`), where the
compiled kernels and the links allow it. The other goes a few rounds: places for the routing,
routing for the places. Either way a recommendation is kept only if it holds in the final placement:
it gains there and no endpoint is loaded beyond the limit. What does not hold is dropped and the
moves are planned anew without it; if that comes to no end, or to no gain over today's routing,
nothing is recommended. All is compared with the cluster as it is routed today.
"""

from dataclasses import dataclass, replace

import numpy as np

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.plan import drafts
from shorthaul.plan.least_gains import settled
from shorthaul.plan.planning import KNEE, certified, make_plan
from shorthaul.plan.plans import Locality, Plan, Recommendation
from shorthaul.plan.posing import effort_of, pose
from shorthaul.plan.recommendations import (
    DISTRIBUTIONS,
    FAIR_SHARES,
    Advice,
    advise,
    changeable,
    open_wishes,
    rerouted,
)
from shorthaul.plan.requests import Request
from shorthaul.solve import costs, joint_searches
from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.solvers import Effort, Solver

GROWING_ROUNDS = 2
SHRINKING_ROUNDS = 3


def make_joint_plan(request: Request, limit: float = FAIR_SHARES) -> Plan:
    """The plan with recommendations; without any, the plan for today's routing."""
    made = _made(replace(request, proof=None), limit)
    return certified(made, replace(request, edges=_edges(request, made.routing)))


def _made(request: Request, limit: float) -> Plan:
    """The same without a bound, which only the plan that is kept needs; the price of a move is that
    of today's routing, whichever is tried.
    """
    if request.move_price is None:
        request = settled(request, pose(request))
    today = make_plan(request)
    plans = [_searched(request, today, limit), _in_rounds(request, today, limit)]
    return min((plan for plan in plans if plan), key=lambda plan: plan.value.after)


def _searched(request: Request, today: Plan, limit: float) -> Plan | None:
    """The plan of a search for both at once, if one can be made and gains over today's routing."""
    problem = pose(request)
    if request.max_moves == KNEE or not joint_searches.fits(problem):
        return None
    known = changeable(request, costs.places(request.snapshot))
    number = {vertex: index for index, vertex in enumerate(problem.vertices)}
    open_ = {
        number[workload]: tuple(DISTRIBUTIONS[wish] for wish in open_wishes(service))
        for workload, service in known.items()
        if workload in number
    }
    ways = joint_searches.Ways(limit, open_)
    found = joint_searches.search(problem, effort_of(request, problem), ways)
    asked = tuple(
        Recommendation(service.namespace, service.name, service.distribution, wish, 0.0, 0.0)
        for workload, service in known.items()
        for wish, routing in DISTRIBUTIONS.items()
        if found.routings.get(number.get(workload, -1)) is routing
    )
    counts = found.assignment.counts
    solver = _Replayed(problem, found.assignment, request.solver)
    moves = [(move.pod, move.target_name) for move in drafts.draft(problem, counts)]
    where = costs.places(request.snapshot).moved(moves)
    wanted = advise(request, where, limit, asked).recommended
    return _holding(replace(request, solver=solver), today, wanted, limit)


@dataclass(frozen=True, slots=True)
class _Replayed:
    """Answers with a placement known before, while pods and open nodes are as they were then."""

    known: Problem
    found: Assignment
    otherwise: Solver

    def solve(self, problem: Problem, effort: Effort) -> Assignment:
        """The placement known, with what it costs as this problem has it."""
        if problem.groups != self.known.groups or not _as_open(problem, self.known):
            return self.otherwise.solve(problem, effort)
        cost = drafts.cost_of(problem, drafts.draft(problem, self.found.counts))
        return replace(self.found, cost=cost)


def _as_open(one: Problem, other: Problem) -> bool:
    """Whether each group may go to the same nodes in both."""
    mine, others = (problem.allowed.open[problem.allowed.classes] for problem in (one, other))
    return np.array_equal(mine, others)


def _in_rounds(request: Request, today: Plan, limit: float) -> Plan:
    """Places for the routing, routing for the places, in turns; today's plan if nothing holds."""
    advice = _advice(request, today, limit)
    wanted = advice.recommended
    for _ in range(GROWING_ROUNDS if wanted else 0):
        found = _advice(request, _plan(request, wanted), limit)
        if _asked(found.recommended) == _asked(wanted):
            break
        wanted = found.recommended
    held = _holding(request, today, wanted, limit)
    return held or replace(today, routing_refusals=advice.refused)


def _holding(
    request: Request, today: Plan, wanted: tuple[Recommendation, ...], limit: float
) -> Plan | None:
    """The plan with what of the recommendations holds in it; None if it gains nothing."""
    for _ in range(SHRINKING_ROUNDS if wanted else 0):
        plan = _plan(request, wanted)
        held = advise(request, _places(request, plan), limit, wanted).recommended
        if len(held) == len(wanted):
            if plan.value.after < today.value.after:
                refused = _advice(request, plan, limit).refused
                return _joint(today, plan, Advice(held, refused))
            break
        wanted = held
    return None


def _plan(request: Request, advice: tuple[Recommendation, ...]) -> Plan:
    """The plan for the cluster as it would be routed."""
    return make_plan(replace(request, edges=_edges(request, advice)))


def _edges(request: Request, advice: tuple[Recommendation, ...]) -> tuple[RoutedEdge, ...]:
    return rerouted(request.edges, request.snapshot, advice) if advice else request.edges


def _advice(request: Request, plan: Plan, limit: float) -> Advice:
    """What to recommend at the end of a plan, compared with today's routing."""
    return advise(request, _places(request, plan), limit)


def _places(request: Request, plan: Plan) -> costs.Places:
    moves = [(move.pod, move.target) for move in plan.moves]
    return costs.places(request.snapshot).moved(moves)


def _joint(today: Plan, plan: Plan, advice: Advice) -> Plan:
    """The plan told against the cluster as it is routed today."""
    return replace(
        plan,
        value=replace(plan.value, before=today.value.before),
        locality=Locality(today.locality.before, plan.locality.after),
        routing=advice.recommended,
        routing_refusals=advice.refused,
        inputs=today.inputs,
    )


def _asked(advice: tuple[Recommendation, ...]) -> frozenset[tuple[str, str, str]]:
    return frozenset((one.namespace, one.service, one.after) for one in advice)
