"""The traffic's part of a search state: what one pod more or less changes, kept up to date.

`field` gives the change of cost for every node at once; `put` changes one pod in time linear in
its neighbours. While pods are lifted out of the placement the counts are incomplete and costs mean
nothing by themselves, but every change is exact, so their sum over a whole round trip is too.
"""

import numpy as np

from shorthaul.solve import couplings
from shorthaul.solve.cells import cells
from shorthaul.solve.directed import DirectedLink
from shorthaul.solve.problems import Ints, Link, Problem
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.units import TIERS, Routing

MOST_REMEMBERED = 20_000
MOST_REMEMBERED_NODES = 64


class TrafficState:
    """Counts of every vertex per cell and what they make of the next pod's cost."""

    def __init__(self, problem: Problem, placement: SparseCounts) -> None:
        self._problem = problem
        self._cells = cells(problem)
        sizes = problem.sizes
        self._sizes = sizes
        self._vertices = [np.array(group.vertices, dtype=np.int64) for group in problem.groups]
        self._levels = couplings.levels(problem, self._cells)
        self._of_node = self._cells.of_node[:, self._levels]
        self._uniform = couplings.uniforms(problem, self._cells, sizes)
        self._loops = couplings.uniform_loops(problem, self._cells, sizes)
        self._local = couplings.locals_(problem, self._cells, sizes)
        self._made = self._directed_links()
        self._directed = [
            [self._made[link] for link in links] for links in couplings.directed(problem)
        ]
        self._remembered: dict[tuple[object, ...], Ints] = {}
        self._each = np.arange(len(problem.nodes), dtype=np.int64)
        self._counts = self._cells.spread(self._vertex_counts(placement.dense()))
        self._saved = self._initial_savings()
        self._incidence = self._cells.spread(np.eye(len(problem.nodes), dtype=np.int64))

    def put(self, group: int, node: int, sign: int) -> None:
        """Adds (1) or lifts (-1) one pod of a group on a node."""
        where = self._cells.of_node[node]
        within = self._of_node[node]
        for vertex in self._problem.groups[group].vertices:
            self._counts[vertex, where] += sign
            uniform = self._uniform[vertex]
            if uniform is not None:
                change = uniform.coefficients[:, self._levels]
                self._saved[uniform.others[:, None], within] += change if sign > 0 else -change

    def field(self, group: int, nodes: Ints) -> Ints:
        """What one pod more of a group would add to the cost, on each of some nodes."""
        found = np.full(len(nodes), -self._loops[group], dtype=np.int64)
        within = self._of_node[nodes]
        for vertex in self._problem.groups[group].vertices:
            if self._uniform[vertex] is not None:
                found -= self._saved[vertex][within].sum(axis=1)
        local = self._local[group]
        if local is not None:
            found -= self._local_savings(local, nodes)
        for link in self._directed[group]:
            found += self._directed_change(link, self._problem.groups[group].vertices, nodes)
        return found

    def total(self) -> int:
        """The cost of all traffic, computed from the counts alone."""
        return sum(self.link_costs())

    def link_costs(self) -> list[int]:
        """What each link costs now, in their order."""
        return [self._link_cost(link) for link in self._problem.links]

    def _vertex_counts(self, placement: Ints) -> Ints:
        found = self._problem.background.dense()
        for row, vertices in zip(placement, self._vertices, strict=True):
            found[vertices] += row
        return found

    def _directed_links(self) -> dict[Link, DirectedLink]:
        problem = self._problem
        usual = tuple(problem.pricing.tiers[tier] for tier in TIERS)
        return {
            link: DirectedLink(
                index,
                link,
                self._cells,
                self._sizes,
                tuple(price * problem.scale for price in link.prices or usual),
            )
            for index, link in enumerate(problem.links)
            if link.routing in (Routing.ZONE, Routing.NODE)
        }

    def _initial_savings(self) -> Ints:
        found = np.zeros_like(self._counts)
        for vertex, uniform in enumerate(self._uniform):
            if uniform is None:
                continue
            for level in self._levels:
                part = self._cells.slice(level)
                counts = self._counts[uniform.others, part]
                found[vertex, part] = uniform.coefficients[:, level] @ counts
        return found

    def _local_savings(self, local: couplings.Local, nodes: Ints) -> Ints:
        found = np.zeros(len(nodes), dtype=np.int64)
        mine_size, other_size = local.own_sizes[:, None], local.other_sizes[:, None]
        for level in self._levels:
            where = self._cells.of_node[nodes, level]
            mine = self._counts[local.owns[:, None], where]
            others = self._counts[local.others[:, None], where]
            more = np.minimum((mine + 1) * other_size, (others + local.shifts[:, None]) * mine_size)
            more -= np.minimum(mine * other_size, others * mine_size)
            found += local.coefficients[:, level] @ more
        return found

    def _directed_change(self, link: DirectedLink, vertices: tuple[int, ...], nodes: Ints) -> Ints:
        """Remembered by the counts that it depends on: a search comes by the same again."""
        if len(self._each) > MOST_REMEMBERED_NODES:
            return self._directed_anew(link, vertices, nodes)
        ends = link.client in vertices, link.server in vertices
        hosts = self._cells.slice(0)
        counts = (self._counts[link.client, hosts], self._counts[link.server, hosts])
        key = (link.index, ends, counts[0].tobytes() if ends[1] else b"", counts[1].tobytes())
        found = self._remembered.get(key)
        if found is None:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            found = self._directed_anew(link, vertices, self._each)
            self._remembered[key] = found
        return found[nodes]

    def _directed_anew(self, link: DirectedLink, vertices: tuple[int, ...], nodes: Ints) -> Ints:
        hosts = self._cells.slice(0)
        clients = self._counts[link.client : link.client + 1, hosts]
        servers = self._counts[link.server : link.server + 1]
        if link.server not in vertices:
            of_clients: Ints = link.prices(servers, nodes)[0]
            return of_clients
        base = link.costs(clients, servers)
        more = self._incidence[nodes]
        if link.client in vertices:
            clients = clients + more[:, hosts]
        found: Ints = link.costs(clients, servers + more) - base
        return found

    def _link_cost(self, link: Link) -> int:
        hosts = self._cells.slice(0)
        one, other = self._counts[link.client], self._counts[link.server]
        if link.routing in (Routing.ZONE, Routing.NODE):
            made = self._made[link]
            return int(made.costs(one[None, hosts], other[None, :])[0])
        if link.routing is Routing.UNIFORM:
            kept = one * other
        else:
            kept = np.minimum(one * self._sizes[link.server], other * self._sizes[link.client])
        steps = couplings.coefficients(link, self._cells, self._sizes)
        saved = sum(
            step * int(kept[self._cells.slice(level)].sum()) for level, step in enumerate(steps)
        )
        return couplings.ceiling(link, self._cells, self._sizes) - saved
