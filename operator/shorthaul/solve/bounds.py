"""A lower bound that no plan can go below: what each level could keep at most.

Distance is a sum of steps over the levels of the network, so cost is bounded level by level. What a
level keeps is bounded link by link (`packings`) and vertex by vertex (`stars`), and, where a level
has few links and few kinds of cells, by whole contents of cells (`patterns`). Links between pods
that all stay are exact. It holds whatever the methods' own arithmetic does: tests hold it against
brute force and exact optima.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from shorthaul.solve import couplings, envelopes, packings, patterns, standings, stars
from shorthaul.solve.cells import LEVELS, Cells, cells
from shorthaul.solve.packings import Links
from shorthaul.solve.problems import Bools, Link, Problem
from shorthaul.solve.standings import Standing

METHOD = "per level: packing of each link, priced star of each vertex"
ASSUMES = (
    "rates, routings and distances as given; whole pods; the room, reach and limits of each "
    "workload alone; what is broken today may stay so"
)
PATTERNS = METHOD + ", contents of whole cells (HiGHS)"
SLACK = 1e-10
FEWEST_ROUNDS, MOST_ROUNDS = 30, 120


@dataclass(frozen=True, slots=True)
class Work:
    """How hard to try, as counts, so that the answer does not depend on the machine.

    `rounds` improve the prices of stars, more of them the more links there are unless told;
    `turns` those of whole contents, where that method fits: they take seconds each; `closing` is
    deterministic work of CP-SAT after the search of a tiny world (`closings`).
    """

    rounds: int | None = None
    turns: int = 0
    closing: float = 0.0

    def rounds_for(self, links: int) -> int:
        """How many rounds so many links are worth."""
        if self.rounds is not None:
            return self.rounds
        return min(MOST_ROUNDS, max(FEWEST_ROUNDS, links // 4))


QUICK = Work()
THOROUGH = Work(rounds=200, turns=25, closing=20.0)
EXACT = "optimum of the whole world (CP-SAT)"
EXACT_ASSUMES = "rates, routings and distances as given; what may move and where, as asked"


@dataclass(frozen=True, slots=True)
class Bound:
    """The bound in the objective's unit, how it was found, and what it takes for granted."""

    value: float
    method: str
    assumes: str = ASSUMES


NOTHING = Bound(0.0, "costs are never negative; no better bound was asked for", "nothing")


def lower_bound(problem: Problem, work: Work = QUICK) -> Bound:
    """The bound of a problem; never above what today's placement costs."""
    if not problem.links:
        return Bound(0.0, METHOD)
    shape, known = cells(problem), standings.standing(problem)
    today = standings.todays_costs(problem, shape, known)
    moves = np.array(
        [bool(known.members[one.client] or known.members[one.server]) for one in problem.links]
    )
    least, method = math.fsum(today[~moves]), METHOD
    if moves.any():
        levels = _Levels(problem, shape, known, moves, work)
        least += levels.least()
        method = PATTERNS if levels.whole else METHOD
    least -= SLACK * farthest(problem)
    return Bound(min(max(0.0, least), math.fsum(today)) / problem.scale, method)


def farthest(problem: Problem) -> float:
    """What all links would cost beyond the longest tier, in cost units."""
    dearest = max(problem.pricing.tiers.values())
    return problem.scale * math.fsum(
        link.weight * max(link.prices or (dearest,)) for link in problem.links
    )


class _Levels:
    """What the links of which an end may move cost at least, level by level.

    `whole` tells whether whole contents of cells were looked at.
    """

    def __init__(
        self, problem: Problem, shape: Cells, known: Standing, moves: Bools, work: Work
    ) -> None:
        self._shape, self._work = shape, work
        self._of = envelopes.vertices(problem, known)
        chosen = [link for link, moving in zip(problem.links, moves, strict=True) if moving]
        self._hosts = couplings.host_prices(chosen, shape)
        self._steps = couplings.all_steps(chosen, shape)
        self._links = packings.as_arrays(chosen)
        self._tied = np.array(_tied(known, chosen), dtype=np.bool_)
        self._ends = [(link.client, link.server) for link in chosen]
        self.whole = False

    def least(self) -> float:
        """The sum over levels of what is not kept."""
        least = math.fsum(self._hosts * self._links.weights)
        for level in range(LEVELS):
            steps = self._steps[:, level]
            unit = self._shape.steps[level] or float(steps.max(initial=0.0))
            if unit > 0:
                links = replace(self._links, weights=self._links.weights * (steps / unit))
                least += unit * max(0.0, math.fsum(links.weights) - self._kept(links, level))
        return least

    def _kept(self, links: Links, level: int) -> float:
        """The most weight that all links together keep at a level; what a unit of it is worth to a
        link is in its weight."""
        known = envelopes.envelope(self._of, self._shape, level)
        meets = envelopes.meeting(self._of, self._shape, level, self._ends)
        alone = links.part(self._tied & meets)
        total = math.fsum(packings.alone(alone, known) * alone.weights)
        free = links.part(~self._tied & meets)
        if not len(free.weights):
            return total
        shares, directions = packings.kept_shares(free, known)
        shares = np.minimum(shares, packings.alone(free, known))
        rounds = self._work.rounds_for(len(free.weights))
        around = stars.kept(free, known, (shares, directions), rounds)
        if self._work.turns and patterns.fit(free, known):
            self.whole = True
            room = envelopes.rooms(self._of, self._shape, level)
            around = patterns.kept(free, known, patterns.kinds(room), around, self._work.turns)
        return total + min(math.fsum(shares * free.weights), around.weight)


def _tied(known: Standing, links: list[Link]) -> list[bool]:
    """Which links are no matter for a star: to itself, or of pods that are in several vertices."""
    owners: dict[int, int] = {}
    for groups in known.members:
        for group in groups:
            owners[group] = owners.get(group, 0) + 1
    shared = [any(owners[group] > 1 for group in groups) for groups in known.members]
    return [
        link.client == link.server or shared[link.client] or shared[link.server] for link in links
    ]
