"""Builds the problem from what exists: vertices, groups, room and limits, all by index.

Everything is taken in sorted order, so that the order of the input does not matter. A pod whose
node is unknown, or that is finished, is not there; one that is terminating takes room but has no
traffic. Edges without a placed pod at both ends are left out, as the reference cost does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod, Snapshot
from shorthaul.cluster.worlds import World
from shorthaul.solve import costs, limit_building, rooms
from shorthaul.solve.pricings import Pricing
from shorthaul.solve.problems import LARGEST_COST, Group, Ints, Link, Problem, Reach
from shorthaul.solve.sparse_counts import SparseCounts, from_places
from shorthaul.topology.distances import Distances
from shorthaul.traffic.graphs import Vertex
from shorthaul.units import NodeName, PodRef, Tier, WorkloadRef

Allowed = Mapping[PodRef, frozenset[NodeName]]


@dataclass(frozen=True, slots=True)
class _Signature:
    """Pods with equal signatures are interchangeable."""

    workload: WorkloadRef
    vertices: tuple[int, ...]
    requests: tuple[int, ...]
    allowed: frozenset[NodeName]
    roles: tuple[tuple[int, int], ...]


def build_problem(
    snapshot: Snapshot,
    edges: Sequence[RoutedEdge],
    distances: Distances,
    rules: Rules,
    *,
    allowed: Allowed,
    pricing: Pricing,
) -> Problem:
    """The problem of placing the pods in `allowed`, each on one of its nodes or where it is."""
    where = costs.places(snapshot)
    movable = tuple(ref for ref in sorted(allowed) if ref in where.nodes)
    nodes = tuple(sorted(snapshot.nodes))
    kept = _merged(costs.priced(edges, where))
    vertices = _vertices(kept, where)
    resources = rooms.resources(snapshot, movable)
    terms = limit_building.collect(World(snapshot, rules), movable)
    roles = terms.roles()
    signatures = {
        ref: _Signature(
            snapshot.pods[ref].workload,
            _vertices_of(snapshot.pods[ref], vertices),
            rooms.requests(snapshot, ref, resources),
            allowed[ref],
            roles.get(ref, ()),
        )
        for ref in movable
    }
    groups = _groups(signatures, where)
    return Problem(
        nodes=nodes,
        tiers=_tiers(nodes, distances),
        zoned=np.array(
            [distances.groups[node].get(Tier.ZONE) is not None for node in nodes], dtype=np.bool_
        ),
        groups=groups,
        start=_counts((group.pods for group in groups), where, nodes),
        allowed=_reach([allowed[group.pods[0]] for group in groups], nodes),
        background=_background(vertices, where, set(movable), nodes),
        links=tuple(
            Link(
                vertices[edge.client],
                vertices[edge.server],
                edge.rate,
                edge.routing,
                pricing.special.get((edge.client, edge.server)),
            )
            for edge in kept
        ),
        resources=resources,
        requests=np.array(
            [signatures[group.pods[0]].requests for group in groups], dtype=np.int64
        ).reshape(len(groups), len(resources)),
        room=rooms.room(snapshot, resources, set(movable), nodes),
        limits=terms.limits(groups, nodes),
        pricing=pricing,
        scale=_scale(kept, pricing),
        vertices=tuple(vertices),
    )


def _merged(edges: Iterable[RoutedEdge]) -> tuple[RoutedEdge, ...]:
    """Edges between the same ends with the same routing as one, sorted."""
    rates: dict[tuple[Vertex, Vertex, str], list[float]] = {}
    routings = {}
    for edge in edges:
        key = (edge.client, edge.server, str(edge.routing))
        rates.setdefault(key, []).append(edge.rate)
        routings[key] = edge.routing
    return tuple(
        RoutedEdge(key[0], key[1], sum(sorted(rates[key])), routings[key])
        for key in sorted(rates, key=lambda key: (_order(key[0]), _order(key[1]), key[2]))
    )


def _order(vertex: Vertex) -> tuple[str, ...]:
    if isinstance(vertex, PodRef):
        return ("pod", vertex.namespace, vertex.name)
    return ("workload", vertex.namespace, vertex.kind, vertex.name)


def _vertices(edges: Iterable[RoutedEdge], where: costs.Places) -> Mapping[Vertex, int]:
    found = {end for edge in edges for end in (edge.client, edge.server)}
    return {vertex: index for index, vertex in enumerate(sorted(found, key=_order))}


def _vertices_of(pod: Pod, vertices: Mapping[Vertex, int]) -> tuple[int, ...]:
    ends: tuple[Vertex, ...] = (pod.workload, pod.ref)
    return tuple(vertices[end] for end in ends if end in vertices)


def _groups(signatures: Mapping[PodRef, _Signature], where: costs.Places) -> tuple[Group, ...]:
    found: dict[_Signature, list[PodRef]] = {}
    for ref in sorted(signatures):
        found.setdefault(signatures[ref], []).append(ref)
    groups = [
        Group(
            signature.workload,
            tuple(sorted(pods, key=lambda ref: (where.nodes[ref], ref))),
            signature.vertices,
        )
        for signature, pods in found.items()
    ]
    return tuple(sorted(groups, key=lambda group: (group.workload, min(group.pods))))


def _reach(sets: Sequence[frozenset[NodeName]], nodes: Sequence[NodeName]) -> Reach:
    """One class for each set of nodes."""
    classes = {names: index for index, names in enumerate(dict.fromkeys(sets))}
    return Reach(
        np.array([classes[names] for names in sets], dtype=np.int64),
        np.array([[node in names for node in nodes] for names in classes], dtype=np.bool_).reshape(
            len(classes), len(nodes)
        ),
    )


def _counts(
    sets: Iterable[Iterable[PodRef]], where: costs.Places, nodes: Sequence[NodeName]
) -> SparseCounts:
    index = {node: i for i, node in enumerate(nodes)}
    return from_places([[index[where.nodes[ref]] for ref in pods] for pods in sets], len(nodes))


def _background(
    vertices: Mapping[Vertex, int],
    where: costs.Places,
    movable: set[PodRef],
    nodes: Sequence[NodeName],
) -> SparseCounts:
    sets = []
    for vertex in vertices:
        pods = (vertex,) if isinstance(vertex, PodRef) else where.members[vertex]
        sets.append([ref for ref in pods if ref not in movable])
    return _counts(sets, where, nodes)


def _tiers(nodes: Sequence[NodeName], distances: Distances) -> Ints:
    """Each node's group per level, such that groups nest and unlabelled nodes are alone."""
    rows = []
    inner: list[tuple[str, ...]] = [("host", node) for node in nodes]
    for tier in (Tier.RACK, Tier.ZONE, Tier.REGION):
        keys: list[tuple[str, ...]] = []
        for node, nearer in zip(nodes, inner, strict=True):
            group = distances.groups[node].get(tier)
            keys.append(nearer if group is None else (str(tier), group))
        names = {key: i for i, key in enumerate(sorted(set(keys)))}
        rows.append([names[key] for key in keys])
        inner = keys
    return np.array(rows, dtype=np.int64).reshape(3, len(nodes))


def _scale(edges: Iterable[RoutedEdge], pricing: Pricing) -> float:
    weight = sum(edge.rate * max(pricing.of(edge)) for edge in edges)
    return LARGEST_COST / weight if weight > 0 else 1.0
