"""Limits with their counts per domain: each says where one pod more may be, and whether it holds.

While pods are lifted out of the placement a floor or a spread is not to be judged; `open` then says
where the next pod may go so that it can still come right, and `sound` is asked when all are placed.
"""

from dataclasses import dataclass, field

import numpy as np

from shorthaul.solve.limits import Attraction, Floor, Spread
from shorthaul.solve.problems import Bools, Ints


@dataclass(slots=True, eq=False)
class Tally:
    """Pods per domain; the last place is for nodes without a domain and stays 0."""

    domains: Ints
    counts: Ints
    total: int = 0
    start: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Takes the counts as those of today."""
        self.start = self.counts.copy()

    def add(self, node: int, sign: int) -> None:
        """Counts one pod more or less on a node."""
        domain = self.domains[node]
        if domain >= 0:
            self.counts[domain] += sign
            self.total += sign

    def at_nodes(self) -> Ints:
        """For each node, the pods in its domain."""
        found: Ints = self.counts[self.domains]
        return found

    def at_start(self) -> Ints:
        """For each node, the pods in its domain today."""
        found: Ints = self.start[self.domains]
        return found

    def held(self) -> int:
        """How many domains hold a pod."""
        return int(np.count_nonzero(self.counts))


@dataclass(slots=True, eq=False)
class AttractionState:
    """Required affinity: owners need a matched pod in their domain, if there is one at all.

    `both` counts the pods that want their own like: one of these alone does not do for itself.
    """

    limit: Attraction
    owners: Tally
    matched: Tally
    both: Tally
    lifted: int = 0
    tolerated: int = field(init=False)

    def __post_init__(self) -> None:
        self.tolerated = self._alone()

    def open(self, group: int) -> Bools:
        """The nodes whose domain has what the group needs."""
        labelled: Bools = self.matched.domains >= 0
        if self.matched.total == 0 and group in self.limit.matched:
            return labelled
        return labelled & (self.matched.at_nodes() > 0)

    def sound(self) -> bool:
        """Whether no owner was left alone that was not so before."""
        return self._alone() <= self.tolerated

    def _alone(self) -> int:
        alone = (self.owners.counts > 0) & (self.matched.counts == 0)
        if self.matched.total > 1:
            alone |= (self.matched.counts == 1) & (self.both.counts == 1)
        return int(np.count_nonzero(alone))


@dataclass(slots=True, eq=False)
class SpreadState:
    """Topology spread: counts per domain within a skew of the emptiest."""

    limit: Spread
    matched: Tally
    lifted: int = 0
    tolerated: int = field(init=False)

    def __post_init__(self) -> None:
        self.tolerated = self._excess()

    def open(self, group: int) -> Bools:
        """The nodes whose domain may hold one pod more."""
        own = int(group in self.limit.matched)
        most = self.limit.skew + self._emptiest() - own
        found: Bools = (self.matched.domains >= 0) & (self.matched.at_nodes() <= most)
        return found

    def sound(self) -> bool:
        """Whether it is no more uneven than allowed, or than before."""
        return self._excess() <= self.tolerated

    def _excess(self) -> int:
        counts = self.matched.counts[:-1]
        if len(counts) == 0:
            return 0
        return max(0, int(counts.max()) - self._emptiest() - self.limit.skew)

    def _emptiest(self) -> int:
        counts = self.matched.counts[:-1]
        if len(counts) == 0 or len(counts) < self.limit.fewest:
            return 0
        return int(counts.min())


@dataclass(slots=True, eq=False)
class FloorState:
    """Availability floor: at least so many distinct domains, unless nothing was changed."""

    limit: Floor
    matched: Tally
    lifted: int = 0

    def open(self, group: int) -> Bools:
        """While too few domains are held, each pod still to be placed must open a new one."""
        if self.matched.held() + self.lifted > self.limit.least:
            return np.ones(len(self.matched.domains), dtype=np.bool_)
        found: Bools = (self.matched.domains >= 0) & (self.matched.at_nodes() == 0)
        return found

    def sound(self) -> bool:
        """Whether enough domains are held; today's counts always pass."""
        if self.matched.held() >= self.limit.least:
            return True
        return bool((self.matched.counts == self.matched.start).all())


LimitState = AttractionState | SpreadState | FloorState
