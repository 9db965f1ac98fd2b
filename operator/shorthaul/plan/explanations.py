"""Why a pod moves, or every reason why it does not: its traffic, its candidates, its refusals.

Candidates are judged from today's placement, each alone: what the pod's own traffic would cost on
that node with everybody else where they are, and what the reference says against it. The plan may
do better, since it moves pods together; whether the pod is part of it is told beside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from shorthaul.cluster import checkers
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.routings import ServiceRouting
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World
from shorthaul.errors import BadInput
from shorthaul.plan import motives
from shorthaul.plan.planning import make_plan
from shorthaul.plan.plans import Move
from shorthaul.plan.requests import Request
from shorthaul.solve import costs
from shorthaul.traffic.anchors import inside_of, rates_by_place
from shorthaul.traffic.graphs import TrafficGraph, Vertex
from shorthaul.units import NodeName, PodRef, Tier, WorkloadRef


@dataclass(frozen=True, slots=True)
class Talk:
    """Traffic with one peer: its server, rate, what it costs now, and the nearest tier shared."""

    peer: Vertex
    server: Vertex
    rate: float
    cost: float
    tier: Tier


@dataclass(frozen=True, slots=True)
class Outside:
    """Traffic with a named place outside, and its tier, which is the same on every node."""

    name: str
    rate: float
    tier: Tier | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node, what the pod alone would gain there, and all that speaks against it."""

    node: NodeName
    gain: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is to be known about one pod's place.

    `cost` is what the traffic of its edges costs now, of `total` in the whole cluster; talks come
    dearest first, candidates by falling gain; `routings` tells how the servers of these talks
    are routed to; `move` is its part in the plan, `refusal` the plan's
    reason that it stays, `vetoes` everything that forbids any move of it.
    """

    pod: PodRef
    workload: WorkloadRef
    node: NodeName
    unit: str
    cost: float
    total: float
    move: Move | None
    refusal: Reason | None
    vetoes: tuple[Reason, ...]
    talks: tuple[Talk, ...]
    routings: Mapping[WorkloadRef, ServiceRouting]
    candidates: tuple[Candidate, ...]
    outside: tuple[Outside, ...] = ()

    @property
    def best(self) -> Candidate | None:
        """The node where the pod alone would gain most, feasible or not."""
        return self.candidates[0] if self.candidates else None


def explain(
    request: Request, ref: PodRef, routings: Mapping[WorkloadRef, ServiceRouting]
) -> Explanation:
    """Explains one pod; BadInput when it is not on any node."""
    where = costs.places(request.snapshot)
    if ref not in where.nodes:
        raise BadInput(f"pod {ref} is not on any node of this cluster; check namespace and name")
    world = World(request.snapshot, request.rules, request.clients)
    pod = world.pod(ref)
    plan = make_plan(replace(request, proof=None))
    talks = _talks(request, pod, where)
    return Explanation(
        pod=ref,
        workload=pod.workload,
        node=where.nodes[ref],
        unit=request.pricing.unit,
        cost=sum(talk.cost for talk in talks),
        total=plan.value.before,
        move=next((move for move in reversed(plan.moves) if move.pod == ref), None),
        refusal=next((one.reason for one in plan.refusals if one.pod == ref), None),
        vetoes=_vetoes(request, ref, world),
        talks=talks,
        routings=_routings(request, talks, routings),
        candidates=_candidates(request, ref, where, world),
    )


def outside(found: Explanation, graph: TrafficGraph, tiers: Mapping[str, Tier]) -> Explanation:
    """The same with what the pod's workload has to do with named places outside, most first."""
    sums = rates_by_place(edge for edge in graph.anchored if inside_of(edge) == found.workload)
    talks = (Outside(name, rate, tiers.get(name)) for name, rate in sums.items())
    return replace(found, outside=tuple(sorted(talks, key=lambda one: (-one.rate, one.name))))


def _vetoes(request: Request, ref: PodRef, world: World) -> tuple[Reason, ...]:
    pod = world.pod(ref)
    found = checkers.check_pod(pod, world, request.rules, request.now_seconds)
    if request.selected is not None and pod.workload not in request.selected:
        return (Reason("NotSelected", f"no policy lets {pod.workload} be moved"), *found)
    return found


def _talks(request: Request, pod: Pod, where: costs.Places) -> tuple[Talk, ...]:
    found = [
        Talk(
            peer,
            edge.server,
            edge.rate,
            costs.edge_cost(edge, where, request.distances, request.pricing),
            motives.nearest(where.nodes[pod.ref], peer, where, request.distances),
        )
        for edge, peer in _motives(request, where).edges_of(pod)
    ]
    return tuple(sorted(found, key=lambda talk: (-talk.cost, -talk.rate, str(talk.peer))))


def _routings(
    request: Request, talks: Iterable[Talk], routings: Mapping[WorkloadRef, ServiceRouting]
) -> Mapping[WorkloadRef, ServiceRouting]:
    """The routings of the servers in some talks, in their order."""
    servers = (request.snapshot.workload_of(talk.server) for talk in talks)
    return {server: routings[server] for server in servers if server and server in routings}


def _motives(request: Request, where: costs.Places) -> motives.Motives:
    return motives.Motives(request.attracting, where, request.distances, request.pricing)


def _candidates(
    request: Request, ref: PodRef, where: costs.Places, world: World
) -> tuple[Candidate, ...]:
    """Every other node of the cluster."""
    pod, distances, pricing = world.pod(ref), request.distances, request.pricing
    edges = [edge for edge, _ in _motives(request, where).edges_of(pod)]
    now = costs.cost(edges, where, distances, pricing)
    found = []
    for node in sorted(world.nodes):
        if node == where.nodes[ref]:
            continue
        then = costs.cost(edges, where.moved([(ref, node)]), distances, pricing)
        reasons = checkers.check_target(pod, world.nodes[node], world, request.rules)
        found.append(Candidate(node, now - then, reasons))
    return tuple(sorted(found, key=lambda one: (-one.gain, bool(one.reasons), one.node)))
