"""Exact optima of tiny worlds by CP-SAT: the only module that knows ortools.

The model says for itself what `cluster.checkers` asks of every moved pod: where nothing arrives
nothing is asked, so today's placement is always a solution. The heuristics and the bounds are
tested against it, and a tiny plan may use it. Same problem and work, same answer: one worker, a
fixed seed and a limit in deterministic time. Links that choose servers by zone or node are no sum
over cells, so problems with such links are refused with None.

Costs are rounded to 2**-38 of the whole traffic over the longest tier, since the model's integers
must not overflow; `lower` allows for that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shorthaul.solve import standings
from shorthaul.solve.cells import LEVELS, cells
from shorthaul.solve.limits import Attraction, Exclusion, Floor, Groups, Spread
from shorthaul.solve.members import members
from shorthaul.solve.problems import Assignment, Ints, Link, Problem
from shorthaul.solve.sparse_counts import from_dense
from shorthaul.units import Routing

COARSENESS = 2**20
WORK = 20.0
Sum = Any  # ortools has no type for "variable, sum or number".


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The best placement found, a cost that none is below, and whether the two are the same."""

    assignment: Assignment
    lower: float
    proven: bool


def solve(problem: Problem, *, work: float = WORK) -> Optimum | None:
    """The optimum of a tiny problem, or the best found with so much deterministic work."""
    if any(link.routing in (Routing.ZONE, Routing.NODE) for link in problem.links):
        return None
    model = _Model(problem)
    counts, bound, proven = model.run(work)
    placed = from_dense(counts)
    there = replace(problem, start=placed)
    shape = cells(there)
    cost = float(standings.todays_costs(there, shape, standings.standing(there)).sum())
    largest = problem.scale * max(problem.pricing.tiers.values())
    slack = 1e-9 * largest * sum(link.weight for link in problem.links)
    lower = max(0.0, min(cost, bound - slack)) / problem.scale
    return Optimum(Assignment(placed, round(cost), not proven), lower, proven)


class _Model:
    """Counts as variables, limits as constraints, cost as the objective."""

    def __init__(self, problem: Problem) -> None:
        from ortools.sat.python import cp_model  # Slow to load, and few plans need it.

        self._solver = cp_model.CpSolver()
        self._statuses = (cp_model.OPTIMAL, cp_model.FEASIBLE)
        self._model = cp_model.CpModel()
        self._problem = problem
        self._start = problem.start.dense()
        self._counts = [self._row(index) for index in range(len(problem.groups))]
        self._arrives = [self._arrivals(index) for index in range(len(problem.groups))]
        self._room()
        for exclusion in problem.limits.exclusions:
            self._exclude(exclusion)
        for attraction in problem.limits.attractions:
            self._attract(attraction)
        for spread in problem.limits.spreads:
            self._spread(spread)
        for floor in problem.limits.floors:
            self._keep_apart(floor)
        self._background = problem.background.dense()
        self._members = [frozenset(groups) for groups in members(problem).lists()]
        self._constant = 0
        self._model.minimize(self._cost())

    def run(self, work: float) -> tuple[Ints, float, bool]:
        """Counts (groups, nodes), the bound in cost units, and whether it is the optimum."""
        parameters = self._solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = 0
        parameters.max_deterministic_time = work
        status = self._solver.solve(self._model)
        bound = self._solver.best_objective_bound * COARSENESS
        if status not in self._statuses:
            return self._start, bound, False
        value = self._solver.value
        counts = [[value(one) for one in row] for row in self._counts]
        return np.array(counts, dtype=np.int64), bound, status == self._statuses[0]

    def _row(self, group: int) -> list[Sum]:
        """Pods of a group on each node; a number where there is no choice."""
        size = len(self._problem.groups[group].pods)
        reach, home = self._problem.allowed.row(group), self._start[group]
        row: list[Sum] = [
            self._model.new_int_var(0, size if open_ else int(held), "") if open_ or held else 0
            for open_, held in zip(reach, home, strict=True)
        ]
        self._model.add(sum(row) == size)
        for variable, held in zip(row, home.tolist(), strict=True):
            if not isinstance(variable, int):
                self._model.add_hint(variable, held)
        return row

    def _arrivals(self, group: int) -> list[Sum]:
        """Whether more pods of a group are on a node than today; 0 where that cannot be."""
        found: list[Sum] = []
        for node, count in enumerate(self._counts[group]):
            if not self._problem.allowed.row(group)[node]:
                found.append(0)
                continue
            more = self._model.new_bool_var("")
            self._model.add(count > int(self._start[group, node])).only_enforce_if(more)
            self._model.add(count <= int(self._start[group, node])).only_enforce_if(more.negated())
            found.append(more)
        return found

    def _room(self) -> None:
        problem = self._problem
        for node in range(len(problem.nodes)):
            for resource in range(len(problem.resources)):
                asked = problem.requests[:, resource].tolist()
                taken = sum(self._counts[g][node] * each for g, each in enumerate(asked) if each)
                room = int(problem.room[resource, node])
                for group, each in enumerate(asked):
                    if each:
                        self._if(self._arrives[group][node], taken <= room)

    def _if(self, condition: Sum, claim: Sum) -> None:
        """A claim that holds under a condition; numbers stand for what is known already."""
        if isinstance(condition, int):
            return
        if isinstance(claim, bool):
            if not claim:
                self._model.add(condition == 0)
            return
        self._model.add(claim).only_enforce_if(condition)

    def _held(self, groups: Groups, nodes: Iterable[int]) -> Sum:
        """How many pods of groups are on nodes."""
        where = list(nodes)
        return sum(self._counts[group][node] for group in sorted(groups) for node in where)

    def _exclude(self, limit: Exclusion) -> None:
        for domain, nodes in _nodes_by_domain(limit.domains):
            owners = self._held(limit.owners, nodes) + _at(limit.fixed_owners, domain)
            matched = self._held(limit.matched, nodes) + _at(limit.fixed_matched, domain)
            for group in sorted(limit.owners | limit.matched):
                for node in nodes:
                    condition = self._arrives[group][node]
                    if group in limit.owners:
                        self._if(condition, matched <= int(group in limit.matched))
                    if group in limit.matched:
                        self._if(condition, owners <= int(group in limit.owners))

    def _attract(self, limit: Attraction) -> None:
        everywhere = self._held(limit.matched, range(len(limit.domains)))
        everywhere += sum(limit.fixed_matched)
        for group in sorted(limit.owners):
            for node, domain in enumerate(limit.domains):
                if domain < 0:
                    self._if(self._arrives[group][node], False)
        for domain, nodes in _nodes_by_domain(limit.domains):
            matched = self._held(limit.matched, nodes) + _at(limit.fixed_matched, domain)
            today = self._start[sorted(limit.matched)][:, nodes].sum()
            present = int(today) + _at(limit.fixed_matched, domain)
            fixed = _at(limit.fixed_owners, domain) > 0
            if present and fixed:
                self._model.add(matched >= 1)
            for group in sorted(limit.owners):
                own = int(group in limit.matched)
                for node in nodes:
                    self._near(self._arrives[group][node], matched, everywhere, own)
                    if present > own and self._start[group, node]:
                        stays = self._model.new_bool_var("")
                        self._model.add(self._counts[group][node] == 0).only_enforce_if(
                            stays.negated()
                        )
                        self._near(stays, matched, everywhere, own)

    def _near(self, condition: Sum, matched: Sum, everywhere: Sum, own: int) -> None:
        """A pod needs another that matches beside it, unless it is the only one of them all."""
        if isinstance(condition, int):
            return
        first = self._model.new_bool_var("")
        self._if(first, everywhere <= own)
        if not own:
            self._model.add(first == 0)
        self._model.add(matched >= 1 + own).only_enforce_if([condition, first.negated()])

    def _spread(self, limit: Spread) -> None:
        by_domain = _nodes_by_domain(limit.domains)
        held = {
            domain: self._held(limit.matched, nodes) + _at(limit.fixed, domain)
            for domain, nodes in by_domain
        }
        for group in sorted(limit.owners):
            own = int(group in limit.matched)
            for node, domain in enumerate(limit.domains):
                condition = self._arrives[group][node]
                if domain < 0:
                    self._if(condition, False)
                    continue
                count = held[domain] + 1 - own
                if len(held) < limit.fewest:
                    self._if(condition, count <= limit.skew)
                    continue
                for other, amount in held.items():
                    if other != domain or not own:
                        self._if(condition, count <= limit.skew + amount)

    def _keep_apart(self, limit: Floor) -> None:
        """Enough domains, unless no pod of the workload moves."""
        moves = self._model.new_bool_var("")
        groups = sorted(limit.groups)
        for group in groups:
            for node, count in enumerate(self._counts[group]):
                self._unless(moves, count == int(self._start[group, node]))
        used: list[Sum] = []
        for domain, nodes in _nodes_by_domain(limit.domains):
            if _at(limit.fixed, domain):
                used.append(1)
                continue
            some = self._model.new_bool_var("")
            self._if(some, self._held(limit.groups, nodes) >= 1)
            used.append(some)
        self._if(moves, sum(used) >= limit.least)

    def _unless(self, condition: Sum, claim: Sum) -> None:
        if isinstance(claim, bool):
            return
        self._model.add(claim).only_enforce_if(condition.negated())

    def _cost(self) -> Sum:
        """What nothing kept would cost, less what each level keeps."""
        shape = cells(self._problem)
        sizes = self._problem.sizes
        total: Sum = 0
        for link in self._problem.links:
            total += round(link.weight * shape.host / COARSENESS)
            for level in range(LEVELS):
                if shape.steps[level] > 0:
                    total += self._cost_of(link, shape.of_node[:, level], shape.steps[level], sizes)
        return total

    def _cost_of(self, link: Link, cell_of_node: Ints, step: float, sizes: Ints) -> Sum:
        pairs = int(sizes[link.client]) * int(sizes[link.server])
        each = round(link.weight * step / (pairs * COARSENESS))
        kept = [self._kept(link, nodes, sizes) for nodes in _cells(cell_of_node)]
        return each * (pairs - sum(kept))

    def _kept(self, link: Link, nodes: list[int], sizes: Ints) -> Sum:
        """What one cell keeps, in pairs of pods."""
        ends = (link.client, link.server)
        one, other = (self._pods(vertex, nodes) for vertex in ends)
        ours, theirs = (int(sizes[vertex]) for vertex in ends)
        if isinstance(one, int) and isinstance(other, int):
            if link.routing is Routing.UNIFORM:
                return one * other
            return min(one * theirs, other * ours)
        if link.routing is Routing.UNIFORM and (isinstance(one, int) or isinstance(other, int)):
            return one * other
        found = self._model.new_int_var(0, ours * theirs, "")
        if link.routing is Routing.UNIFORM:
            self._model.add_multiplication_equality(found, [one, other])
        else:
            self._model.add_min_equality(found, [one * theirs, other * ours])
        return found

    def _pods(self, vertex: int, nodes: list[int]) -> Sum:
        return self._held(self._members[vertex], nodes) + int(self._background[vertex, nodes].sum())


def _nodes_by_domain(domains: Sequence[int]) -> list[tuple[int, list[int]]]:
    found: dict[int, list[int]] = {}
    for node, domain in enumerate(domains):
        if domain >= 0:
            found.setdefault(domain, []).append(node)
    return sorted(found.items())


def _cells(cell_of_node: Ints) -> list[list[int]]:
    return [nodes for _, nodes in _nodes_by_domain(cell_of_node.tolist())]


def _at(fixed: Sequence[int], domain: int) -> int:
    return fixed[domain] if domain < len(fixed) else 0
