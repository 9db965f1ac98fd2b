"""Limits as the kernels want them: tallies per domain, and each group's part in them.

The two commonest need no tally: a workload that keeps its pods on distinct hosts, and a floor of
hosts under a workload that is one group; the group's own row tells both.
"""

from dataclasses import dataclass, field

import numpy as np

from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.limits import Attraction, Exclusion, Floor
from shorthaul.solve.problems import Ints, Problem

ANY = 2**31 - 1


@dataclass(slots=True)
class Part:
    """One group's part in all limits."""

    tallies: list[int] = field(default_factory=list)
    repelled_by: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    touched: list[int] = field(default_factory=list)
    host_cap: int = ANY
    floor: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Domain maps, tallies with what stays in each domain, limits, and the groups' parts."""

    domain: at.Narrow
    tally: Ints
    fixed: Ints
    limit: Ints
    parts: list[Part]


def limit_tables(problem: Problem) -> Tables:
    """All limits of a problem."""
    return _Building(problem).tables()


@dataclass(slots=True)
class _Domains:
    """The domain of each node: whether each is one of its own, how many, and the row of the map."""

    are_hosts: bool
    number: int
    row: int | None = None


class _Building:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._nodes = len(problem.nodes)
        self._hosts = tuple(range(self._nodes))
        self._parts = [Part() for _ in problem.groups]
        self._maps: dict[tuple[int, ...], int] = {}
        self._known: dict[int, _Domains] = {}
        self._tallies: list[tuple[int, int, int]] = []
        self._fixed: list[Ints] = []
        self._limits: list[tuple[int, ...]] = []

    def tables(self) -> Tables:
        limits = self._problem.limits
        for exclusion in limits.exclusions:
            self._exclude(exclusion)
        for attraction in limits.attractions:
            owners = self._tally(attraction.domains, attraction.fixed_owners, attraction.owners)
            matched = self._tally(attraction.domains, attraction.fixed_matched, attraction.matched)
            index = self._limit(at.ATTRACTION, matched, owners, self._both(attraction), 0)
            self._owned(index, attraction.owners, attraction.matched)
            self._touched(index, attraction.owners | attraction.matched)
        for spread in limits.spreads:
            matched = self._tally(spread.domains, spread.fixed, spread.matched)
            index = self._limit(at.SPREAD, matched, 0, spread.skew, spread.fewest)
            self._owned(index, spread.owners, spread.matched)
            self._touched(index, spread.matched)
        for floor in limits.floors:
            self._floor(floor)
        return Tables(
            np.array(list(self._maps) or [self._hosts], dtype=np.int32).reshape(-1, self._nodes),
            np.array(self._tallies or [(0, 0, 0)], dtype=np.int64),
            np.concatenate([*self._fixed, np.zeros(1, dtype=np.int64)]),
            np.array(self._limits or [(0,) * at.LIMIT_COLUMNS], dtype=np.int64),
            self._parts,
        )

    def _exclude(self, limit: Exclusion) -> None:
        movable = not limit.fixed_owners and not limit.fixed_matched
        itself = limit.owners == limit.matched and len(limit.owners) == 1
        if movable and itself and self._domains(limit.domains).are_hosts:
            self._parts[next(iter(limit.owners))].host_cap = 1
            return
        owners = self._tally(limit.domains, limit.fixed_owners, limit.owners)
        matched = self._tally(limit.domains, limit.fixed_matched, limit.matched)
        for group in sorted(limit.owners):
            self._parts[group].repelled_by += [matched, int(group in limit.matched)]
        for group in sorted(limit.matched):
            self._parts[group].repelled_by += [owners, int(group in limit.owners)]

    def _both(self, limit: Attraction) -> int:
        """The tally of pods that want their own like, or -1."""
        if not limit.owners & limit.matched:
            return -1
        fixed = tuple(map(min, limit.fixed_owners, limit.fixed_matched))
        return self._tally(limit.domains, fixed, limit.owners & limit.matched)

    def _floor(self, limit: Floor) -> None:
        one = not limit.fixed and len(limit.groups) == 1
        if one and self._domains(limit.domains).are_hosts:
            part = self._parts[next(iter(limit.groups))]
            part.floor = max(part.floor, limit.least)
            return
        tally = self._tally(limit.domains, limit.fixed, limit.groups)
        index = self._limit(at.FLOORS, tally, 0, limit.least, 0)
        lifted = len(self._problem.groups) + index
        self._limits[index] = (*self._limits[index][:2], lifted, *self._limits[index][3:])
        self._owned(index, limit.groups, limit.groups)
        self._touched(index, limit.groups)

    def _owned(self, limit: int, owners: frozenset[int], matched: frozenset[int]) -> None:
        for group in sorted(owners):
            self._parts[group].kept += [limit, int(group in matched)]

    def _touched(self, limit: int, groups: frozenset[int]) -> None:
        for group in sorted(groups):
            self._parts[group].touched.append(limit)

    def _limit(self, kind: int, tally: int, other: int, most: int, fewest: int) -> int:
        self._limits.append((kind, tally, other, most, fewest, 0))
        return len(self._limits) - 1

    def _tally(
        self, domains: tuple[int, ...], fixed: tuple[int, ...], groups: frozenset[int]
    ) -> int:
        known = self._domains(domains)
        number = known.number
        offset = sum(len(part) for part in self._fixed[-1:])
        offset = self._tallies[-1][0] + offset if self._tallies else 0
        index = len(self._tallies)
        self._tallies.append((offset, self._map(domains, known), number))
        self._fixed.append(np.array(fixed or (0,) * number, dtype=np.int64))
        for group in sorted(groups):
            self._parts[group].tallies.append(index)
        return index

    def _map(self, domains: tuple[int, ...], known: _Domains) -> int:
        if known.row is None:
            known.row = self._maps.setdefault(domains, len(self._maps))
        return known.row

    def _domains(self, domains: tuple[int, ...]) -> _Domains:
        """What is looked up once for a tuple as long as nodes, which many limits share."""
        found = self._known.get(id(domains))
        if found is None:
            are_hosts = domains is self._hosts or domains == self._hosts
            found = self._known[id(domains)] = _Domains(are_hosts, max(domains, default=-1) + 1)
        return found
