"""Places and routing together, on the level of the problem: which Service is routed how, by load.

The search finds both (`joint_searches`); here its placement is judged anew, server by server: the
cheapest routing of its links that loads no endpoint beyond the limit, evenly where none does. So
what is told does not rest on the search's own sums. Dense over nodes: for worlds of some ten
thousand pods.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shorthaul.solve import joint_searches
from shorthaul.solve.partitions import Floats
from shorthaul.solve.problems import Assignment, Ints, Link, Problem
from shorthaul.solve.solvers import Effort
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.units import TIERS, Routing, Tier

ROUNDING = 1e-9
ZONE = TIERS.index(Tier.ZONE)
Routings = tuple[Routing, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A placement with the routing of each link, and what that costs."""

    cost: float
    routings: Routings
    counts: SparseCounts


def plan(
    problem: Problem, effort: Effort, most_load: float, turns_per_pod: int
) -> tuple[Problem, Assignment]:
    """The problem as it would be routed, and a placement for it."""
    servers = {link.server for link in problem.links}
    ways = joint_searches.Ways(most_load, dict.fromkeys(servers, joint_searches.WAYS))
    found = joint_searches.search(problem, effort, ways, turns_per_pod).assignment
    best = _chosen(problem, found.counts, most_load)
    cost = round(best.cost * problem.scale)
    return _routed(problem, best.routings), replace(found, cost=cost)


def _routed(problem: Problem, routings: Routings) -> Problem:
    """The problem with another routing of each link."""
    pairs = zip(problem.links, routings, strict=True)
    return replace(problem, links=tuple(replace(link, routing=one) for link, one in pairs))


def _chosen(problem: Problem, counts: SparseCounts, most_load: float) -> _Found:
    """The cheapest routing of each server's links that keeps the load, and the cost of all."""
    placed = _placed(problem, counts)
    routings, total = [Routing.UNIFORM] * len(problem.links), 0.0
    for indices in _by_server(problem.links):
        links = [problem.links[index] for index in indices]
        costs = [
            (cost, way)
            for way in joint_searches.WAYS
            for cost, load in [_judged(problem, links, placed, way)]
            if way is Routing.UNIFORM or load <= most_load * (1 + ROUNDING)
        ]
        cost, way = min(costs, key=lambda one: one[0])
        total += cost
        for index in indices:
            routings[index] = way
    return _Found(total, tuple(routings), counts)


def _by_server(links: Sequence[Link]) -> Iterator[list[int]]:
    found: dict[int, list[int]] = {}
    for index, link in enumerate(links):
        found.setdefault(link.server, []).append(index)
    yield from found.values()


def _placed(problem: Problem, counts: SparseCounts) -> Ints:
    """Pods per vertex and node."""
    found = problem.background.dense()
    for index, group in enumerate(problem.groups):
        nodes, amounts = counts.row(index)
        for vertex in group.vertices:
            found[vertex, nodes] += amounts
    return found


def _judged(
    problem: Problem, links: Sequence[Link], placed: Ints, way: Routing
) -> tuple[float, float]:
    """What the links into one server cost in one way, and its largest load in fair shares."""
    servers = np.flatnonzero(placed[links[0].server])
    held = placed[links[0].server, servers]
    got, cost, total = np.zeros(len(servers)), 0.0, 0.0
    for link in links:
        clients = np.flatnonzero(placed[link.client])
        sent = placed[link.client, clients] / placed[link.client, clients].sum()
        tiers = _tiers(problem, clients, servers)
        flows = link.weight * sent[:, None] * _shares(problem, way, tiers, (clients, servers, held))
        prices = link.prices or tuple(problem.pricing.tiers[tier] for tier in TIERS)
        cost += float((flows * np.array(prices)[tiers]).sum())
        got += flows.sum(axis=0)
        total += link.weight
    return cost, float((got / held).max() * held.sum() / max(total, 1e-300))


def _shares(problem: Problem, way: Routing, tiers: Ints, ends: tuple[Ints, Ints, Ints]) -> Floats:
    """What part of each client node's traffic each server node gets, as kube-proxy has it."""
    clients, servers, held = ends
    open_ = np.ones(tiers.shape, dtype=np.bool_)
    if way is not Routing.UNIFORM:
        known = problem.zoned[clients][:, None] & bool(problem.zoned[servers].all())
        near = (tiers <= ZONE) & known
        open_ = np.where(near.any(axis=1, keepdims=True), near, open_)
    if way is Routing.NODE:
        own = tiers == 0
        open_ = np.where(own.any(axis=1, keepdims=True), own, open_)
    weights = open_ * held
    found: Floats = weights / weights.sum(axis=1, keepdims=True)
    return found


def _tiers(problem: Problem, clients: Ints, servers: Ints) -> Ints:
    """The smallest tier that each pair of nodes shares, by its place in TIERS."""
    found = np.full((len(clients), len(servers)), len(TIERS) - 1, dtype=np.int64)
    for level in range(len(problem.tiers) - 1, -1, -1):
        group = problem.tiers[level]
        found[group[clients][:, None] == group[servers]] = level + 1
    found[clients[:, None] == servers] = 0
    return found
