"""What a placement may not break, as values over (group, node): the solver's view of constraints.

Groups are sets of interchangeable movable pods, named by their index; nodes by theirs. A limit that
counts pods per topology domain has `domains`, the domain of each node (-1: the node lacks the
label), and what the pods that never move already add to each domain (empty when no such pod is
counted). Limits with equal domains share one tuple. Static rules (may this pod
ever be on that node) are not here: they are the problem's `allowed` matrix.
"""

from dataclasses import dataclass

Groups = frozenset[int]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Owners and matched pods never share a domain: anti-affinity, host ports, isolation."""

    domains: tuple[int, ...]
    owners: Groups
    matched: Groups
    fixed_owners: tuple[int, ...]
    fixed_matched: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Attraction:
    """Owners need a matched pod in their domain (required pod affinity)."""

    domains: tuple[int, ...]
    owners: Groups
    matched: Groups
    fixed_owners: tuple[int, ...]
    fixed_matched: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """Matched pods differ by at most `skew` between domains; owners are held to it.

    `fewest` domains must be there, else the emptiest counts as holding none.
    """

    domains: tuple[int, ...]
    skew: int
    fewest: int
    owners: Groups
    matched: Groups
    fixed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Floor:
    """A workload's pods keep at least `least` distinct domains (hosts or zones)."""

    domains: tuple[int, ...]
    least: int
    groups: Groups
    fixed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits that depend on where other pods are, beside the amounts of resources."""

    exclusions: tuple[Exclusion, ...] = ()
    attractions: tuple[Attraction, ...] = ()
    spreads: tuple[Spread, ...] = ()
    floors: tuple[Floor, ...] = ()
