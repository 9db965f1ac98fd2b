"""Cost and locality before and after moves, by the slow reference and nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.plan.plans import Locality, Recommendation
from shorthaul.plan.recommendations import rerouted
from shorthaul.plan.requests import Request
from shorthaul.solve import costs as reference
from shorthaul.solve.pricings import Pricing
from shorthaul.topology.distances import Distances
from shorthaul.units import NodeName, PodRef


@dataclass(frozen=True, slots=True)
class Score:
    """What all attracting traffic costs and how near it stays, now and after the moves."""

    unit: str
    before: float
    after: float
    locality: Locality


def score(
    request: Request,
    moves: Iterable[tuple[PodRef, NodeName]],
    routing: Sequence[Recommendation] = (),
) -> Score:
    """Prices today's placement and the one after some moves and another routing of Services."""
    edges = request.attracting
    routed = rerouted(edges, request.snapshot, routing) if routing else edges
    now = reference.places(request.snapshot)
    then = now.moved(moves)
    distances, pricing = request.distances, request.pricing
    return Score(
        pricing.unit,
        reference.cost(edges, now, distances, pricing),
        reference.cost(routed, then, distances, pricing),
        Locality(
            reference.locality(edges, now, distances),
            reference.locality(routed, then, distances),
        ),
    )


def costs(
    edges: Sequence[RoutedEdge],
    snapshot: Snapshot,
    moves: Iterable[tuple[PodRef, NodeName]],
    distances: Distances,
    pricing: Pricing,
) -> tuple[float, float]:
    """The cost of some edges before and after moves."""
    now = reference.places(snapshot)
    return (
        reference.cost(edges, now, distances, pricing),
        reference.cost(edges, now.moved(moves), distances, pricing),
    )
