"""How one link's traffic divides over the tiers where routing has a direction: zone and node.

Worked from what kube-proxy does: a client's request goes to an endpoint of its own node or zone if
there is one, evenly among those, else to any. Dense and slow; links of this kind are scored one
by one.
"""

import numpy as np

from benchmarks.worlds import Bools, Floats
from shorthaul.solve.problems import Ints, Problem
from shorthaul.units import TIERS, Routing, Tier

ZONE = TIERS.index(Tier.ZONE)


def routed(problem: Problem, index: int, pods: tuple[Ints, Ints, Ints]) -> Floats:
    """The share of a zone or node link at each tier."""
    link = problem.links[index]
    client_nodes, clients = _of_vertex(pods, link.client)
    server_nodes, servers = _of_vertex(pods, link.server)
    tiers = _tiers(problem, client_nodes, server_nodes)
    near = _near(problem, tiers, client_nodes, server_nodes)
    chosen = _chosen(link.routing, tiers == 0, near, servers)
    weights = (clients / clients.sum())[:, None] * chosen
    shares = np.bincount(tiers.ravel(), weights.ravel(), minlength=len(TIERS))
    return shares.astype(np.float64)


def largest_load(problem: Problem, pods: tuple[Ints, Ints, Ints]) -> float:
    """The most that any endpoint gets, as a multiple of the fair share of its vertex.

    Uniform and local links load all endpoints alike, by what they mean.
    """
    into: dict[int, list[int]] = {}
    for index, link in enumerate(problem.links):
        into.setdefault(link.server, []).append(index)
    directed = (Routing.ZONE, Routing.NODE)
    mattering = [
        links
        for links in into.values()
        if any(problem.links[index].routing in directed for index in links)
    ]
    return max((_vertex_load(problem, links, pods) for links in mattering), default=1.0)


def _vertex_load(problem: Problem, indices: list[int], pods: tuple[Ints, Ints, Ints]) -> float:
    """The same for one vertex, from all links into it."""
    server_nodes, servers = _of_vertex(pods, problem.links[indices[0]].server)
    got, total = np.zeros(len(servers)), 0.0
    for index in indices:
        link = problem.links[index]
        client_nodes, clients = _of_vertex(pods, link.client)
        tiers = _tiers(problem, client_nodes, server_nodes)
        near = _near(problem, tiers, client_nodes, server_nodes)
        chosen = _chosen(link.routing, tiers == 0, near, servers)
        got += link.weight * ((clients / clients.sum()) @ chosen)
        total += link.weight
    return float((got / servers).max() / (total / servers.sum()))


def _of_vertex(pods: tuple[Ints, Ints, Ints], vertex: int) -> tuple[Ints, Ints]:
    rows, nodes, amounts = pods
    part = slice(*np.searchsorted(rows, [vertex, vertex + 1]).tolist())
    return nodes[part], amounts[part]


def _tiers(problem: Problem, clients: Ints, servers: Ints) -> Ints:
    """The smallest tier that each pair of nodes shares, as its number."""
    found = np.full((len(clients), len(servers)), len(TIERS) - 1)
    for level in range(len(problem.tiers) - 1, -1, -1):
        groups = problem.tiers[level]
        found[groups[clients][:, None] == groups[servers]] = level + 1
    found[clients[:, None] == servers] = 0
    return found


def _near(problem: Problem, tiers: Ints, clients: Ints, servers: Ints) -> Bools:
    """Which servers are in a client's zone: none of any client's where some zone is unknown."""
    near: Bools = tiers <= ZONE
    zoned = getattr(problem, "zoned", None)
    if zoned is None:
        return near
    known: Bools = near & zoned[clients][:, None] & bool(zoned[servers].all())
    return known


def _chosen(routing: Routing, own: Bools, near: Bools, servers: Ints) -> Floats:
    """The share of a client's traffic that each server node gets: (client nodes, server nodes)."""
    open_ = np.ones(own.shape, dtype=bool)
    if routing in (Routing.ZONE, Routing.NODE):
        open_ = _nearest(open_, near)
    if routing is Routing.NODE:
        open_ = _nearest(open_, own)
    weights = open_ * servers
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _nearest(open_: Bools, wanted: Bools) -> Bools:
    """Narrows each client's choice to what is wanted, where there is any."""
    narrowed: Bools = np.where(wanted.any(axis=1, keepdims=True), wanted, open_)
    return narrowed
