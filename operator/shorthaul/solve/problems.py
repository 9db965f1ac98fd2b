"""The placement problem as one frozen value: all that a solver may know, and nothing else.

Interchangeable pods form a group: same workload, same requests, same nodes allowed, same part in
every limit, same single-pod traffic. A placement is a count per (group, node), so a solver never
sees pods. Pods that may not move are background: room taken, traffic ends, parts of limits.

Costs are integers: `scale` cost units are one unit of the objective, chosen so that the whole
traffic over the longest tier is 2**58 units. Each product or minimum of counts carries a rounded
coefficient, so a cost is off by at most 2 * clients * servers units per edge; with under 10**8
pairs of communicating pods that is below 1e-9 of the traffic's weight times the longest distance.
Differences up to ROUNDING (6e-11 of that product) are not worth a move.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve.limits import Limits
from shorthaul.solve.pricings import Pricing
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.traffic.graphs import Vertex
from shorthaul.units import NodeName, PodRef, Routing, WorkloadRef

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
LARGEST_COST = 2**58
ROUNDING = LARGEST_COST >> 34


@dataclass(frozen=True, slots=True)
class Group:
    """Interchangeable movable pods, and the traffic vertices that they are part of."""

    workload: WorkloadRef
    pods: tuple[PodRef, ...]
    vertices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """Traffic from one vertex to another, by their indices; `weight` is the rate.

    `prices` are what one unit of weight costs at each tier (host, rack, zone, region, beyond; never
    falling) where that is not what the problem's pricing says; None where it is.
    """

    client: int
    server: int
    weight: float
    routing: Routing
    prices: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Where each group may be sent: its class (groups,), and what is open to it (classes, nodes).

    Few kinds of wishes make few classes, whatever the number of groups.
    """

    classes: Ints
    open: Bools

    def row(self, group: int) -> Bools:
        """The nodes that are open to a group."""
        found: Bools = self.open[self.classes[group]]
        return found

    def dense(self) -> Bools:
        """The same for every group: (groups, nodes)."""
        found: Bools = self.open[self.classes]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Groups to be placed on nodes; arrays are never written to.

    tiers: node's group per level above the host (rack, zone, region), shape (3, nodes);
    zoned: whether a node has a zone (one without is in a group of its own, or its rack's);
    start: today's counts (groups, nodes); allowed: where a group may be sent, beside home;
    background: pods of each vertex that stay (vertices, nodes); requests (groups, resources) and
    room (resources, nodes; what the pods that stay leave, may be negative); vertices: what each is
    called, for who compares problems; empty where nobody does.
    """

    nodes: tuple[NodeName, ...]
    tiers: Ints
    zoned: Bools
    groups: tuple[Group, ...]
    start: SparseCounts
    allowed: Reach
    background: SparseCounts
    links: tuple[Link, ...]
    resources: tuple[str, ...]
    requests: Ints
    room: Ints
    limits: Limits
    pricing: Pricing
    scale: float
    vertices: tuple[Vertex, ...] = ()

    @property
    def group_sizes(self) -> Ints:
        """The number of pods of each group."""
        return np.array([len(group.pods) for group in self.groups], dtype=np.int64)

    @property
    def sizes(self) -> Ints:
        """The number of pods of each vertex."""
        found: Ints = self.background.totals()
        for group in self.groups:
            for vertex in group.vertices:
                found[vertex] += len(group.pods)
        return found

    @property
    def homes(self) -> Mapping[PodRef, int]:
        """The node of each movable pod, by index: groups list their pods in order of node."""
        found: dict[PodRef, int] = {}
        for index, group in enumerate(self.groups):
            found.update(zip(group.pods, self.start.places(index).tolist(), strict=True))
        return found


def same_prices(old: Problem, new: Problem) -> bool:
    """Whether nodes of the same number are as far apart as they were, and it costs the same."""
    one, other = old.pricing, new.pricing
    priced_alike = one is other or (
        (one.objective, one.unit, one.tiers) == (other.objective, other.unit, other.tiers)
    )
    return priced_alike and alike(old.tiers, new.tiers) and alike(old.zoned, new.zoned)


def same_rules(old: Problem, new: Problem) -> bool:
    """Whether groups of the same number ask for as much, may go to the same nodes, and are held to
    the same limits."""
    return (
        alike(old.requests, new.requests)
        and alike(old.allowed.classes, new.allowed.classes)
        and alike(old.allowed.open, new.allowed.open)
        and (old.limits is new.limits or old.limits == new.limits)
    )


def alike(one: NDArray[np.generic], other: NDArray[np.generic]) -> bool:
    """Whether two arrays are equal; what is the same object is not looked into."""
    return one is other or np.array_equal(one, other)


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """A placement as counts (groups, nodes) and its cost; `limited` when it was cut short.

    `tries` is the work that it took: pods tried elsewhere one by one, and turns of ruin. Each turn
    counts once, whatever it lifts.
    """

    counts: SparseCounts
    cost: int
    limited: bool = False
    tries: int = 0
