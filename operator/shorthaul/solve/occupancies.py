"""The constraints' part of a search state: where one pod more of a group may be.

Each limit keeps its counts per domain, so that a question costs a few vector operations and a
change a few additions. Limits that hold only for whole placements are judged by `sound`, which
looks at those touched since `settle`.

A pod may always go back to a node that it came from as it is found there, even where today's
placement breaks a rule: staying is not a move.
"""

from dataclasses import dataclass, field

import numpy as np

from shorthaul.solve.limit_states import (
    AttractionState,
    FloorState,
    LimitState,
    SpreadState,
    Tally,
)
from shorthaul.solve.problems import Bools, Problem


@dataclass(slots=True)
class _Part:
    """One group's part: what must be empty of others, what it has to keep, what counts it."""

    repelled_by: list[Tally] = field(default_factory=list)
    kept: list[LimitState] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    touched: list[LimitState] = field(default_factory=list)


class Occupancy:
    """Counts of every group and limit, and the room that is left."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._start = problem.start.dense()
        self.counts = self._start.copy()
        self.moved = 0
        self._room = problem.room - problem.requests.T @ self._start
        self._parts = [_Part() for _ in problem.groups]
        self._touched: dict[int, LimitState] = {}
        self._add_exclusions()
        self._add_attractions()
        self._add_spreads()
        self._add_floors()
        self._excused = self._find_excused()

    def put(self, group: int, node: int, sign: int) -> None:
        """Adds (1) or lifts (-1) one pod of a group on a node."""
        counts, start = self.counts[group], self._start[group]
        if sign > 0:
            self.moved -= bool(counts[node] < start[node])
        else:
            self.moved += bool(counts[node] <= start[node])
        counts[node] += sign
        requests = self._problem.requests[group]
        self._room[:, node] -= requests if sign > 0 else -requests
        part = self._parts[group]
        for tally in part.tallies:
            tally.add(node, sign)
        for limit in part.touched:
            limit.lifted -= sign
            self._touched[id(limit)] = limit

    def home(self, group: int) -> Bools:
        """The nodes where fewer pods of a group are than today."""
        found: Bools = self.counts[group] < self._start[group]
        return found

    def open(self, group: int) -> Bools:
        """The nodes where one pod more of a group may be."""
        home = self.home(group)
        found = self._kept(group)
        found &= self._problem.allowed.row(group) | home
        excused = home & self._excused[group]
        if excused.any():
            found |= excused & self._as_today(group)
        return found

    def short_of_room(self, group: int) -> Bools:
        """The nodes where a group is allowed, but which lack the resources for it."""
        full = (self._room < self._problem.requests[group][:, None]).any(axis=0)
        found: Bools = full & self._problem.allowed.row(group)
        return found

    def sound(self) -> bool:
        """Whether the limits touched since the last call to `settle` hold."""
        return all(limit.sound() for limit in self._touched.values())

    def settle(self) -> None:
        """Forgets which limits were touched."""
        self._touched.clear()

    def _kept(self, group: int) -> Bools:
        requests = self._problem.requests[group]
        found: Bools = (self._room >= requests[:, None]).all(axis=0)
        part = self._parts[group]
        for tally in part.repelled_by:
            found &= tally.at_nodes() == 0
        for limit in part.kept:
            found &= limit.open(group)
        return found

    def _as_today(self, group: int) -> Bools:
        """The nodes with no newcomer, on them or among what the group must not meet."""
        found: Bools = np.all(self.counts <= self._start, axis=0)
        for tally in self._parts[group].repelled_by:
            found &= tally.at_nodes() <= tally.at_start()
        return found

    def _find_excused(self) -> Bools:
        """Where a pod is today though the rules would not let it go there."""
        found = np.zeros(self._start.shape, dtype=np.bool_)
        for group, node in np.argwhere(self._start > 0).tolist():
            self.put(group, node, -1)
            found[group, node] = not self._kept(group)[node]
            self.put(group, node, 1)
        self.settle()
        return found

    def _tally(
        self, domains: tuple[int, ...], fixed: tuple[int, ...], groups: frozenset[int]
    ) -> Tally:
        where = np.array(domains, dtype=np.int64)
        known = fixed or (0,) * (max(domains, default=-1) + 1)
        tally = Tally(where, np.array([*known, 0], dtype=np.int64), sum(fixed))
        for group in sorted(groups):
            held = np.flatnonzero((self._start[group] > 0) & (where >= 0))
            amounts = self._start[group][held]
            np.add.at(tally.counts, where[held], amounts)
            tally.total += int(amounts.sum())
            self._parts[group].tallies.append(tally)
        tally.begin()
        return tally

    def _watch(self, state: LimitState, owners: frozenset[int], touching: frozenset[int]) -> None:
        for group in sorted(owners):
            self._parts[group].kept.append(state)
        for group in sorted(touching):
            self._parts[group].touched.append(state)

    def _add_exclusions(self) -> None:
        for limit in self._problem.limits.exclusions:
            owners = self._tally(limit.domains, limit.fixed_owners, limit.owners)
            matched = self._tally(limit.domains, limit.fixed_matched, limit.matched)
            for group in sorted(limit.owners):
                self._parts[group].repelled_by.append(matched)
            for group in sorted(limit.matched):
                self._parts[group].repelled_by.append(owners)

    def _add_attractions(self) -> None:
        for limit in self._problem.limits.attractions:
            owners = self._tally(limit.domains, limit.fixed_owners, limit.owners)
            matched = self._tally(limit.domains, limit.fixed_matched, limit.matched)
            fixed = tuple(map(min, limit.fixed_owners, limit.fixed_matched))
            both = self._tally(limit.domains, fixed, limit.owners & limit.matched)
            state = AttractionState(limit, owners, matched, both)
            self._watch(state, limit.owners, limit.owners | limit.matched)

    def _add_spreads(self) -> None:
        for limit in self._problem.limits.spreads:
            matched = self._tally(limit.domains, limit.fixed, limit.matched)
            self._watch(SpreadState(limit, matched), limit.owners, limit.matched)

    def _add_floors(self) -> None:
        for limit in self._problem.limits.floors:
            matched = self._tally(limit.domains, limit.fixed, limit.groups)
            self._watch(FloorState(limit, matched), limit.groups, limit.groups)
