"""Every placement of a tiny world, judged by the reference checker and priced by the reference.

Shares nothing with the search: this is what the search and the bound are held against.
"""

from collections.abc import Iterator, Mapping
from itertools import product

from shorthaul.cluster import checkers
from shorthaul.cluster.constraints import floors, pod_affinities
from shorthaul.cluster.worlds import World
from shorthaul.plan.requests import Request
from shorthaul.plan.vetoes import vet
from shorthaul.solve import costs
from shorthaul.units import NodeName, PodRef, WorkloadRef

Placement = Mapping[PodRef, NodeName]


def size(request: Request) -> int:
    """How many placements there are."""
    world = World(request.snapshot, request.rules, request.clients)
    total = 1
    for ref, nodes in vet(request, world).allowed.items():
        total *= len(nodes | {world.pod(ref).node})
    return total


def best_cost(request: Request) -> float:
    """The least cost of all feasible placements, today's among them."""
    where = costs.places(request.snapshot)
    return min(
        costs.cost(request.attracting, where.moved(moves), request.distances, request.pricing)
        for moves in feasible(request)
    )


def feasible(request: Request) -> Iterator[list[tuple[PodRef, NodeName]]]:
    """The moves to every feasible placement."""
    world = World(request.snapshot, request.rules, request.clients)
    home = {ref: world.pod(ref).node for ref in sorted(vet(request, world).allowed)}
    allowed = vet(request, world).allowed
    content = [
        pod.ref for pod in world.pods() if pod.affinity and pod.node and _near(pod.ref, world)
    ]
    choices = [sorted(allowed[ref] | {node}) for ref, node in home.items() if node]
    for nodes in product(*choices):
        moves = [(ref, node) for ref, node in zip(home, nodes, strict=True) if node != home[ref]]
        for ref, node in moves:
            world.move(ref, node)
        if _holds(request, world, moves, content):
            yield moves
        for ref, _ in moves:
            world.move(ref, home[ref])


def holds(request: Request, moves: list[tuple[PodRef, NodeName]]) -> bool:
    """Whether moves lead to a feasible placement."""
    world = World(request.snapshot, request.rules, request.clients)
    content = [
        pod.ref for pod in world.pods() if pod.affinity and pod.node and _near(pod.ref, world)
    ]
    for ref, node in moves:
        world.move(ref, node)
    return _holds(request, world, moves, content)


def _holds(
    request: Request,
    world: World,
    moves: list[tuple[PodRef, NodeName]],
    content: list[PodRef],
) -> bool:
    for ref, node in moves:
        if checkers.check_target(world.pod(ref), world.nodes[node], world, request.rules):
            return False
    moved = {world.pod(ref).workload for ref, _ in moves}
    today = World(request.snapshot, request.rules, request.clients)
    for workload in moved:
        if floors.shortfall(workload, world) and not _same(workload, world, today):
            return False
    return all(_near(ref, world) for ref in content)


def _same(workload: WorkloadRef, world: World, today: World) -> bool:
    return dict(world.serving(workload)) == dict(today.serving(workload))


def _near(ref: PodRef, world: World) -> bool:
    pod = world.pod(ref)
    return pod_affinities.check(pod, world.nodes[pod.node], world) is None
