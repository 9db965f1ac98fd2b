"""Plans moves and routing together: places for the routing, routing for the places, a few rounds.

A recommendation is kept only if it holds in the final placement: it gains there and no endpoint is
loaded beyond the limit. What does not hold is dropped and the moves are planned anew without it; if
that comes to no end, or to no gain over today's routing, nothing is recommended. All is compared
with the cluster as it is routed today.
"""

from dataclasses import replace

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.plan.planning import certified, make_plan
from shorthaul.plan.plans import Locality, Plan, Recommendation
from shorthaul.plan.recommendations import FAIR_SHARES, Advice, advise, rerouted
from shorthaul.plan.requests import Request
from shorthaul.solve import costs

GROWING_ROUNDS = 2
SHRINKING_ROUNDS = 3


def make_joint_plan(request: Request, limit: float = FAIR_SHARES) -> Plan:
    """The plan with recommendations; without any, the plan for today's routing."""
    made = _made(replace(request, proof=None), limit)
    return certified(made, replace(request, edges=_edges(request, made.routing)))


def _made(request: Request, limit: float) -> Plan:
    """The same without a bound, which only the plan that is kept needs."""
    today = make_plan(request)
    advice = _advice(request, today, limit)
    wanted = advice.recommended
    for _ in range(GROWING_ROUNDS if wanted else 0):
        found = _advice(request, _plan(request, wanted), limit)
        if _asked(found.recommended) == _asked(wanted):
            break
        wanted = found.recommended
    for _ in range(SHRINKING_ROUNDS if wanted else 0):
        plan = _plan(request, wanted)
        held = advise(request, _places(request, plan), limit, wanted).recommended
        if len(held) == len(wanted):
            if plan.value.after < today.value.after:
                refused = _advice(request, plan, limit).refused
                return _joint(today, plan, Advice(held, refused))
            break
        wanted = held
    return replace(today, routing_refusals=advice.refused)


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
    )


def _asked(advice: tuple[Recommendation, ...]) -> frozenset[tuple[str, str, str]]:
    return frozenset((one.namespace, one.service, one.after) for one in advice)
