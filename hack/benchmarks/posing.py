"""Poses a problem from a world straight from its arrays, without Kubernetes objects.

Limits become the problem's own: at most one pod per node is an exclusion of itself, at most k pods
per zone is a spread of skew k that asks for more zones than there are (the emptiest then counts as
holding none, which is what `fewest` means), at least two hosts is a floor. Other worlds than these
are posed by the operator itself, from snapshots.
"""

from typing import Any

import numpy as np

from benchmarks.worlds import UNLIMITED, World
from shorthaul.solve.limits import Exclusion, Floor, Limits, Spread
from shorthaul.solve.pricings import UNITS, Pricing
from shorthaul.solve.problems import LARGEST_COST, Group, Ints, Link, Problem, Reach
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.units import (
    TIERS,
    Namespace,
    NodeName,
    Objective,
    PodRef,
    Routing,
    WorkloadRef,
)

NAMESPACE = Namespace("bench")
RESOURCES = ("cpu", "memory", "pods")
ROUTINGS = ("uniform", "local", "mixed", "services")
_MIXED = {
    "mixed": ((Routing.UNIFORM, Routing.LOCAL), (0.5, 0.5)),
    "services": ((Routing.UNIFORM, Routing.ZONE, Routing.NODE), (0.6, 0.25, 0.15)),
}


def pose(
    world: World, routing: str, *, least_hosts: int = 1, start: SparseCounts | None = None
) -> Problem:
    """The problem of a world: one routing for all links, or drawn for each server."""
    begin = world.counts() if start is None else start
    vertices = _vertices(world)
    links = _links(world, vertices, routing)
    distances = dict(zip(TIERS, world.distances, strict=True))
    weight = sum(link.weight for link in links) * max(world.distances)
    return Problem(
        nodes=tuple(NodeName(f"n{node:06d}") for node in range(world.nodes)),
        tiers=np.array([world.racks, world.zones, np.zeros_like(world.zones)]),
        groups=_groups(world, vertices),
        start=begin,
        allowed=Reach(world.classes, world.open),
        background=_nothing(int(vertices.max()) + 1, world.nodes),
        links=links,
        resources=RESOURCES[: world.requests.shape[1]],
        requests=world.requests,
        room=world.room,
        limits=_limits(world, least_hosts),
        pricing=Pricing(Objective.BYTES, UNITS[Objective.BYTES], distances),
        scale=LARGEST_COST / weight if weight > 0 else 1.0,
        **_zoned(world),
    )


def _zoned(world: World) -> dict[str, Any]:
    """All nodes have a zone; said where the problem asks for it."""
    asked = "zoned" in Problem.__dataclass_fields__
    return {"zoned": np.ones(world.nodes, dtype=bool)} if asked else {}


def _vertices(world: World) -> Ints:
    """The traffic vertex of each service; -1 for those without traffic."""
    talking = np.zeros(world.services, dtype=bool)
    talking[world.clients] = talking[world.servers] = True
    return np.where(talking, np.cumsum(talking) - 1, -1)


def _groups(world: World, vertices: Ints) -> tuple[Group, ...]:
    return tuple(
        Group(
            WorkloadRef(NAMESPACE, "Deployment", f"s{service:06d}"),
            tuple(PodRef(NAMESPACE, f"s{service:06d}-{pod:05d}") for pod in range(size)),
            () if vertex < 0 else (vertex,),
        )
        for service, (size, vertex) in enumerate(
            zip(world.sizes.tolist(), vertices.tolist(), strict=True)
        )
    )


def _links(world: World, vertices: Ints, routing: str) -> tuple[Link, ...]:
    order = np.lexsort((world.servers, world.clients))
    routings = _routings(world, routing)
    return tuple(
        Link(client, server, weight, routings[service])
        for client, server, weight, service in zip(
            vertices[world.clients[order]].tolist(),
            vertices[world.servers[order]].tolist(),
            world.weights[order].tolist(),
            world.servers[order].tolist(),
            strict=True,
        )
    )


def _routings(world: World, routing: str) -> list[Routing]:
    """How each service spreads what comes to it."""
    if routing not in _MIXED:
        return [Routing(routing)] * world.services
    choices, shares = _MIXED[routing]
    random = np.random.default_rng([world.services, len(world.weights), len(choices)])
    drawn = random.choice(len(choices), world.services, p=shares)
    return [choices[index] for index in drawn.tolist()]


def _nothing(rows: int, width: int) -> SparseCounts:
    empty = np.zeros(0, dtype=np.int64)
    return SparseCounts(np.zeros(rows + 1, dtype=np.int64), empty, empty, width)


def _limits(world: World, least_hosts: int) -> Limits:
    hosts, zones = tuple(range(world.nodes)), tuple(world.zones.tolist())
    number = max(zones, default=0) + 1
    own = [frozenset((service,)) for service in range(world.services)]
    apart = np.flatnonzero(world.most_per_node == 1).tolist()
    spread = np.flatnonzero(world.most_per_zone < UNLIMITED).tolist()
    several = np.flatnonzero(world.sizes >= 2).tolist() if least_hosts > 1 else []
    return Limits(
        exclusions=tuple(Exclusion(hosts, own[one], own[one], (), ()) for one in apart),
        spreads=tuple(
            Spread(zones, int(world.most_per_zone[one]), number + 1, own[one], own[one], ())
            for one in spread
        ),
        floors=tuple(
            Floor(hosts, min(least_hosts, int(world.sizes[one])), own[one], ()) for one in several
        ),
    )
