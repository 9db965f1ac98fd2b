"""What a placement breaks, told one by one: rooms, reach, and every limit of the problem.

Written from the meaning of the limits, on tables and without the search's states. What is exactly
as it was at the start is nobody's fault and is not counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shorthaul.solve.limits import Attraction, Exclusion, Floor, Spread
from shorthaul.solve.problems import Ints, Problem
from shorthaul.solve.sparse_counts import SparseCounts


def violations(problem: Problem, counts: SparseCounts) -> tuple[str, ...]:
    """One sentence for each broken rule."""
    after, before = _Sums(counts), _Sums(problem.start)
    return tuple(
        sentence
        for part in (
            _totals(problem, counts),
            _rooms(problem, counts),
            _reach(problem, counts),
            _exclusions(problem, after, before),
            _attractions(problem, after, before),
            _spreads(problem, after, before),
            _floors(problem, after, before),
        )
        for sentence in part
    )


@dataclass(slots=True, eq=False)
class _Sums:
    """Counts of sets of groups per domain."""

    counts: SparseCounts

    def per_domain(
        self, groups: frozenset[int], domains: tuple[int, ...], fixed: tuple[int, ...]
    ) -> Ints:
        """Pods of some groups in each domain, with those that never move."""
        where = _as_array(domains)
        found = np.zeros(int(where.max(initial=-1)) + 2, dtype=np.int64)
        for group in groups:
            nodes, amounts = self.counts.row(group)
            np.add.at(found, where[nodes], amounts)
        found[: len(fixed)] += np.array(fixed, dtype=np.int64)
        return found[:-1]


_KNOWN: dict[int, tuple[tuple[int, ...], Ints]] = {}


def _as_array(domains: tuple[int, ...]) -> Ints:
    """The array of a tuple that many limits share; made once while the tuple lives."""
    known = _KNOWN.get(id(domains))
    if known is None or known[0] is not domains:
        known = _KNOWN[id(domains)] = (domains, np.array(domains, dtype=np.int64))
    return known[1]


def _totals(problem: Problem, counts: SparseCounts) -> Iterator[str]:
    for group in np.flatnonzero(counts.totals() != problem.start.totals()).tolist():
        yield f"group {group} has another number of pods than at the start"
    if (counts.amounts <= 0).any():
        yield "an amount is not positive"


def _rooms(problem: Problem, counts: SparseCounts) -> Iterator[str]:
    used, used_before = _used(problem, counts), _used(problem, problem.start)
    over = (used > problem.room) & (used > used_before)
    for resource, node in np.argwhere(over).tolist():
        yield (
            f"node {node} holds {used[resource, node]} of {problem.resources[resource]}, "
            f"it has {problem.room[resource, node]}"
        )


def _used(problem: Problem, counts: SparseCounts) -> Ints:
    rows = np.repeat(np.arange(counts.rows), np.diff(counts.offsets))
    found = np.zeros_like(problem.room)
    for resource in range(len(problem.resources)):
        np.add.at(found[resource], counts.nodes, problem.requests[rows, resource] * counts.amounts)
    return found


def _reach(problem: Problem, counts: SparseCounts) -> Iterator[str]:
    rows = np.repeat(np.arange(counts.rows), np.diff(counts.offsets))
    closed = ~problem.allowed.open[problem.allowed.classes[rows], counts.nodes]
    for place in np.flatnonzero(closed).tolist():
        group, node = int(rows[place]), int(counts.nodes[place])
        nodes, amounts = problem.start.row(group)
        if counts.amounts[place] > amounts[nodes == node].sum():
            yield f"group {group} may not be on node {node}"


def _exclusions(problem: Problem, after: _Sums, before: _Sums) -> Iterator[str]:
    for index, limit in enumerate(problem.limits.exclusions):
        worse = np.maximum(0, _meetings(limit, after) - _meetings(limit, before)).sum()
        if worse > 0:
            yield f"exclusion {index} is broken {worse} times more than at the start"


def _meetings(limit: Exclusion, sums: _Sums) -> Ints:
    """How many pairs of an owner and a matched pod share each domain.

    A pod that never moves may be both and is then counted with itself; the difference of two
    placements does not see it.
    """
    owners = sums.per_domain(limit.owners, limit.domains, limit.fixed_owners)
    matched = sums.per_domain(limit.matched, limit.domains, limit.fixed_matched)
    both = sums.per_domain(limit.owners & limit.matched, limit.domains, ())
    return owners * matched - both


def _attractions(problem: Problem, after: _Sums, before: _Sums) -> Iterator[str]:
    for index, limit in enumerate(problem.limits.attractions):
        if _alone(limit, after) > _alone(limit, before):
            yield f"attraction {index}: an owner is left without what it needs"


def _alone(limit: Attraction, sums: _Sums) -> int:
    owners = sums.per_domain(limit.owners, limit.domains, limit.fixed_owners)
    matched = sums.per_domain(limit.matched, limit.domains, limit.fixed_matched)
    return int(np.count_nonzero((owners > 0) & (matched == 0)))


def _spreads(problem: Problem, after: _Sums, before: _Sums) -> Iterator[str]:
    for index, limit in enumerate(problem.limits.spreads):
        excess = _excess(limit, after)
        if excess > 0 and excess > _excess(limit, before):
            yield f"spread {index} is {excess} pods over its skew of {limit.skew}"


def _excess(limit: Spread, sums: _Sums) -> int:
    held = sums.per_domain(limit.matched, limit.domains, limit.fixed)
    if len(held) == 0:
        return 0
    emptiest = int(held.min()) if len(held) >= limit.fewest else 0
    return max(0, int(held.max()) - emptiest - limit.skew)


def _floors(problem: Problem, after: _Sums, before: _Sums) -> Iterator[str]:
    for index, limit in enumerate(problem.limits.floors):
        held = _held(limit, after)
        if np.count_nonzero(held) >= limit.least or np.array_equal(held, _held(limit, before)):
            continue
        yield f"floor {index}: {np.count_nonzero(held)} domains, at least {limit.least} are asked"


def _held(limit: Floor, sums: _Sums) -> Ints:
    return sums.per_domain(limit.groups, limit.domains, limit.fixed)
