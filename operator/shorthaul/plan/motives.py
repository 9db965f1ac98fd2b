"""The words for why a pod moves: which of its peers it comes nearer to, and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.snapshots import Pod
from shorthaul.solve import costs
from shorthaul.solve.pricings import Pricing
from shorthaul.topology.distances import Distances
from shorthaul.traffic.graphs import Vertex
from shorthaul.units import TIERS, NodeName, Tier


@dataclass(frozen=True, slots=True)
class Pull:
    """What one peer's traffic costs less with the pod on the other node, and how near it comes."""

    peer: Vertex
    gain: float
    tier: Tier


def pulls(
    pod: Pod,
    back: NodeName,
    edges: Sequence[RoutedEdge],
    where: costs.Places,
    distances: Distances,
    pricing: Pricing,
) -> tuple[Pull, ...]:
    """The gain of a placement over the one with the pod back on a node, by peer, most first."""
    undone = where.moved([(pod.ref, back)])
    gains: dict[Vertex, float] = {}
    for edge, peer in edges_of(pod, edges, where):
        saved = costs.edge_cost(edge, undone, distances, pricing)
        saved -= costs.edge_cost(edge, where, distances, pricing)
        gains[peer] = gains.get(peer, 0.0) + saved
    here = where.nodes[pod.ref]
    found = [
        Pull(peer, gain, nearest(here, peer, where, distances)) for peer, gain in gains.items()
    ]
    return tuple(sorted(found, key=lambda pull: (-pull.gain, str(pull.peer))))


def edges_of(
    pod: Pod, edges: Sequence[RoutedEdge], where: costs.Places
) -> list[tuple[RoutedEdge, Vertex]]:
    """The priced edges that a pod is an end of, each with its other end."""
    own: set[Vertex] = {pod.ref, pod.workload}
    touching = [edge for edge in edges if edge.client in own or edge.server in own]
    return [
        (edge, edge.server if edge.client in own else edge.client)
        for edge in costs.priced(touching, where)
    ]


def nearest(node: NodeName, peer: Vertex, where: costs.Places, distances: Distances) -> Tier:
    """The smallest tier that a node shares with any pod of a peer."""
    found = [distances.tier(node, other) for other in where.counts(peer)]
    return min(found, key=TIERS.index, default=Tier.BEYOND)


def motive(gain: float, found: Sequence[Pull]) -> str:
    """One line for a move that gains so much."""
    nearer = [pull for pull in found if pull.gain > 0]
    if not nearer or gain <= 0:
        return "makes room for a move that gains more"
    first = nearer[0]
    rest = f" and {len(nearer) - 1} more" if len(nearer) > 1 else ""
    where = "on the host of" if first.tier is Tier.HOST else f"in the {first.tier} of"
    if first.tier is Tier.BEYOND:
        where = "nearer to"
    return f"{where} {first.peer}{rest}"
