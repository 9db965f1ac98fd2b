"""The placement problem as a model of CP-SAT: the only module that knows ortools.

The model says for itself what `cluster.checkers` asks of every moved pod: where nothing arrives
nothing is asked, so today's placement is always a solution. Where there is no choice, counts are
numbers. What is kept is maximised, so a minimum is two inequalities.

Costs are rounded to 2**-34 of the whole traffic over the longest tier, since the model's integers
must not overflow.
"""

from collections.abc import Iterable, Sequence
from math import gcd

import numpy as np

from shorthaul.solve import couplings
from shorthaul.solve.cells import LEVELS, cells
from shorthaul.solve.exact_levels import Level, Sum
from shorthaul.solve.limits import Attraction, Exclusion, Floor, Groups, Spread
from shorthaul.solve.problems import Ints, Link, Problem
from shorthaul.solve.solvers import Effort
from shorthaul.units import Routing

COARSENESS = 2**24


class Model:
    """Counts as variables, limits as constraints, cost and the price of moves as the objective."""

    def __init__(self, problem: Problem, effort: Effort, near: Ints) -> None:
        from ortools.sat.python import cp_model  # Slow to load, and few plans need it.

        self._solver = cp_model.CpSolver()
        self._statuses = (cp_model.OPTIMAL, cp_model.FEASIBLE)
        self._model = cp_model.CpModel()
        self._problem, self._hints = problem, near
        self._start = problem.start.dense()
        self._counts = [self._row(index) for index in range(len(problem.groups))]
        self.rounding = 0.0
        self._arrivals: dict[tuple[int, int], Sum] = {}
        self._room()
        for exclusion in problem.limits.exclusions:
            self._exclude(exclusion)
        for attraction in problem.limits.attractions:
            self._attract(attraction)
        for spread in problem.limits.spreads:
            self._spread(spread)
        for floor in problem.limits.floors:
            self._keep_apart(floor)
        self._model.minimize(self._cost() + self._moves(effort))

    def run(self, work: float, seed: int = 0) -> tuple[Ints, float, bool]:
        """Counts (groups, nodes), the bound in cost units, and whether it is the optimum.

        Where nothing was found, the counts are those it began near.
        """
        parameters = self._solver.parameters
        parameters.num_workers = 1
        parameters.linearization_level = 2  # Products and minima prove nothing without.
        parameters.random_seed = seed
        parameters.max_deterministic_time = work
        status = self._solver.solve(self._model)
        bound = self._solver.best_objective_bound * COARSENESS
        if status not in self._statuses:
            return self._hints, bound, False
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
        for variable, held in zip(row, self._hints[group].tolist(), strict=True):
            if not isinstance(variable, int):
                self._model.add_hint(variable, held)
        return row

    def _arrives(self, group: int, node: int) -> Sum:
        """Whether more pods of a group are on a node than today; 0 where that cannot be."""
        count, today = self._counts[group][node], int(self._start[group, node])
        if isinstance(count, int):
            return int(count > today)
        if not self._problem.allowed.row(group)[node]:
            return 0
        if (group, node) not in self._arrivals:
            more = self._model.new_bool_var("")
            self._model.add(count > today).only_enforce_if(more)
            self._model.add(count <= today).only_enforce_if(more.negated())
            self._arrivals[group, node] = more
        return self._arrivals[group, node]

    def _moves(self, effort: Effort) -> Sum:
        """What the net moves cost; no more of them than there may be."""
        price = round(effort.move_price / COARSENESS)
        if not price and effort.most_moves is None:
            return 0
        total: Sum = 0
        for group, node in zip(*(each.tolist() for each in np.nonzero(self._start)), strict=True):
            today, count = int(self._start[group, node]), self._counts[group][node]
            if isinstance(count, int):
                total += max(0, today - count)
                continue
            left = self._model.new_int_var(0, today, "")
            self._model.add(left >= today - count)
            total += left
        if effort.most_moves is not None:
            self._claim(total <= effort.most_moves)
        return price * total

    def _room(self) -> None:
        """Room for what arrives; where there is enough for what is there today, it is for all."""
        problem = self._problem
        for resource in range(len(problem.resources)):
            asked = problem.requests[:, resource].tolist()
            today = problem.requests[:, resource] @ self._start
            for node, room in enumerate(problem.room[resource].tolist()):
                taken = sum(self._counts[g][node] * each for g, each in enumerate(asked) if each)
                if today[node] <= room:
                    self._claim(taken <= room)
                    continue
                for group, each in enumerate(asked):
                    if each:
                        self._if(self._arrives(group, node), taken <= room)

    def _if(self, condition: Sum, claim: Sum) -> None:
        """A claim that holds under a condition; numbers stand for what is known already."""
        if isinstance(condition, int):
            if condition:
                self._claim(claim)
            return
        if isinstance(claim, bool):
            if not claim:
                self._model.add(condition == 0)
            return
        self._model.add(claim).only_enforce_if(condition)

    def _claim(self, claim: Sum) -> None:
        """A claim that holds; what is known to be false makes the model one without solutions."""
        if not isinstance(claim, bool):
            self._model.add(claim)
        elif not claim:
            self._model.add_bool_or([])

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
                    condition = self._arrives(group, node)
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
                    self._if(self._arrives(group, node), False)
        for domain, nodes in _nodes_by_domain(limit.domains):
            matched = self._held(limit.matched, nodes) + _at(limit.fixed_matched, domain)
            today = self._start[sorted(limit.matched)][:, nodes].sum()
            present = int(today) + _at(limit.fixed_matched, domain)
            fixed = _at(limit.fixed_owners, domain) > 0
            if present and fixed:
                self._claim(matched >= 1)
            for group in sorted(limit.owners):
                own = int(group in limit.matched)
                for node in nodes:
                    self._near(self._arrives(group, node), matched, everywhere, own)
                    if present > own and self._start[group, node]:
                        self._near(self._some(group, node), matched, everywhere, own)

    def _near(self, condition: Sum, matched: Sum, everywhere: Sum, own: int) -> None:
        """A pod needs another that matches beside it, unless it is the only one of them all."""
        if isinstance(condition, int) and not condition:
            return
        first = self._model.new_bool_var("")
        self._if(first, everywhere <= own)
        if not own:
            self._model.add(first == 0)
        both = first.negated()
        if not isinstance(condition, int):
            both = self._model.new_bool_var("")
            self._model.add_bool_or([condition.negated(), first, both])
        self._if(both, matched >= 1 + own)

    def _some(self, group: int, node: int) -> Sum:
        """Whether a group has pods on a node."""
        count = self._counts[group][node]
        if isinstance(count, int):
            return int(count > 0)
        found = self._model.new_bool_var("")
        self._model.add(count == 0).only_enforce_if(found.negated())
        return found

    def _spread(self, limit: Spread) -> None:
        by_domain = _nodes_by_domain(limit.domains)
        held = {
            domain: self._held(limit.matched, nodes) + _at(limit.fixed, domain)
            for domain, nodes in by_domain
        }
        for group in sorted(limit.owners):
            own = int(group in limit.matched)
            for node, domain in enumerate(limit.domains):
                condition = self._arrives(group, node)
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
        self._if(condition.negated(), claim)

    def _cost(self) -> Sum:
        """What nothing kept would cost, less what each level keeps."""
        problem, shape = self._problem, cells(self._problem)
        there = [
            Level(self._counts, problem, shape.of_node[:, level] - shape.starts[level])
            for level in range(LEVELS)
        ]
        total: Sum = 0
        for link in problem.links:
            total += round(link.weight * couplings.host_price(link, shape) / COARSENESS)
            for level, step in zip(there, couplings.steps_of(link, shape), strict=True):
                if step > 0:
                    total += self._cost_of(link, level, step)
        return total

    def _cost_of(self, link: Link, there: "Level", step: float) -> Sum:
        """What a level does not keep of a link: pairs of pods, or of shares of both ends that they
        have in common."""
        ours, theirs = int(there.sizes[link.client]), int(there.sizes[link.server])
        linear = link.routing is not Routing.UNIFORM or min(ours, theirs) == 1
        shared = gcd(ours, theirs) if linear else 1
        most = ours * theirs // shared
        each = round(link.weight * step / (most * COARSENESS))
        self.rounding += most / 2
        steady, loose = there.kept(link, linear)
        factors = (theirs // shared, ours // shared)
        kept = [self._kept(one, other, factors, most, linear=linear) for one, other in loose]
        if loose:
            self._claim(steady // shared + sum(kept) <= most)
        return each * (most - steady // shared - sum(kept))

    def _kept(
        self, one: Sum, other: Sum, factors: tuple[int, int], most: int, *, linear: bool
    ) -> Sum:
        """What one cell with so many pods of the client and the server keeps.

        A product with a number that is 0 or 1 is a minimum too, and that is linear.
        """
        if not linear and (isinstance(one, int) or isinstance(other, int)):
            return one * other
        found = self._model.new_int_var(0, most, "")
        if linear:
            self._model.add(found <= factors[0] * one)
            self._model.add(found <= factors[1] * other)
        else:
            self._model.add_multiplication_equality(found, [one, other])
        return found


def _nodes_by_domain(domains: Sequence[int]) -> list[tuple[int, list[int]]]:
    found: dict[int, list[int]] = {}
    for node, domain in enumerate(domains):
        if domain >= 0:
            found.setdefault(domain, []).append(node)
    return sorted(found.items())


def _at(fixed: Sequence[int], domain: int) -> int:
    return fixed[domain] if domain < len(fixed) else 0
