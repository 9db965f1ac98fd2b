"""The words for why a pod moves: which of its peers it comes nearer to, and by how much.

All numbers are the reference cost's. What many moves share is asked once: the edges of a vertex,
the cost of an edge, and what replicas that make the same way would gain.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class Motives:
    """The reasons of moves that lead to one placement."""

    def __init__(
        self,
        edges: Iterable[RoutedEdge],
        where: costs.Places,
        distances: Distances,
        pricing: Pricing,
    ) -> None:
        """Sorts the priced edges by their ends."""
        self._where = where
        self._distances = distances
        self._pricing = pricing
        self._touching: dict[Vertex, dict[int, RoutedEdge]] = {}
        for number, edge in enumerate(costs.priced(edges, where)):
            for end in {edge.client, edge.server}:
                self._touching.setdefault(end, {})[number] = edge
        self._costs: dict[RoutedEdge, float] = {}
        self._known: dict[tuple[object, ...], tuple[Pull, ...]] = {}

    def pulls(self, pod: Pod, back: NodeName) -> tuple[Pull, ...]:
        """What the placement gains over the one with the pod back on a node, by peer."""
        own = tuple(end for end in (pod.workload, pod.ref) if end in self._touching)
        here = self._where.nodes[pod.ref]
        key = (own, here, back)
        if key not in self._known:
            self._known[key] = self._pulls(own, here, back)
        return self._known[key]

    def savings(self, pod: Pod, back: NodeName) -> list[tuple[RoutedEdge, float]]:
        """What each edge of a pod would cost more with the pod back on a node."""
        own = tuple(end for end in (pod.workload, pod.ref) if end in self._touching)
        return [
            (edge, saved) for edge, _, saved in self._saved(own, self._where.nodes[pod.ref], back)
        ]

    def edges_of(self, pod: Pod) -> list[tuple[RoutedEdge, Vertex]]:
        """The priced edges that a pod is an end of, each with its other end."""
        return self._edges_of((pod.workload, pod.ref))

    def _edges_of(self, own: Sequence[Vertex]) -> list[tuple[RoutedEdge, Vertex]]:
        found: dict[int, RoutedEdge] = {}  # two edges may be equal
        for end in own:
            found |= self._touching.get(end, {})
        return [
            (edge, edge.server if edge.client in own else edge.client) for edge in found.values()
        ]

    def _pulls(self, own: Sequence[Vertex], here: NodeName, back: NodeName) -> tuple[Pull, ...]:
        gains: dict[Vertex, list[float]] = {}
        for _, peer, saved in self._saved(own, here, back):
            gains.setdefault(peer, []).append(saved)
        found = [
            Pull(peer, math.fsum(saved), nearest(here, peer, self._where, self._distances))
            for peer, saved in gains.items()
        ]
        return tuple(sorted(found, key=lambda pull: (-pull.gain, str(pull.peer))))

    def _saved(
        self, own: Sequence[Vertex], here: NodeName, back: NodeName
    ) -> Iterator[tuple[RoutedEdge, Vertex, float]]:
        for edge, peer in self._edges_of(own):
            ends = [self._back(end, own, here, back) for end in (edge.client, edge.server)]
            shares = costs.divided(edge.routing, ends[0], ends[1], self._distances)
            yield edge, peer, costs.shares_cost(edge, shares, self._pricing) - self._cost(edge)

    def _back(
        self, vertex: Vertex, own: Sequence[Vertex], here: NodeName, back: NodeName
    ) -> Mapping[NodeName, int]:
        counts = self._where.counts(vertex)
        if vertex not in own:
            return counts
        found = dict(counts)
        found[here] -= 1
        found[back] = found.get(back, 0) + 1
        return {node: count for node, count in found.items() if count}

    def _cost(self, edge: RoutedEdge) -> float:
        if edge not in self._costs:
            self._costs[edge] = costs.edge_cost(edge, self._where, self._distances, self._pricing)
        return self._costs[edge]


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


def parked(target: NodeName, wave: int) -> str:
    """One line for the first of two hops."""
    return f"makes room for a circle of moves; goes on to {target} in wave {wave}"
