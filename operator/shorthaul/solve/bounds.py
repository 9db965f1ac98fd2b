"""A lower bound that no plan can go below: what each level could keep at most.

Distance is a sum of steps over the levels of the network, so cost is bounded level by level. What a
level keeps is bounded link by link (`packings`) and vertex by vertex (`stars`), and, where a level
has few links and few kinds of cells, by whole contents of cells (`patterns`). Links between pods
that all stay are exact. It holds whatever the methods' own arithmetic does: tests hold it against
brute force and exact optima.
"""

import math
from dataclasses import dataclass

import numpy as np

from shorthaul.solve import envelopes, packings, standings, stars
from shorthaul.solve.cells import LEVELS, Cells, cells
from shorthaul.solve.envelopes import Vertices
from shorthaul.solve.problems import Bools, Link, Problem

METHOD = "per level: packing of each link, priced star of each vertex"
ASSUMES = (
    "rates, routings and distances as given; whole pods; the room, reach and limits of each "
    "workload alone; what is broken today may stay so"
)
SLACK = 1e-10
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Bound:
    """The bound in the objective's unit, how it was found, and what it takes for granted."""

    value: float
    method: str
    assumes: str = ASSUMES


def lower_bound(problem: Problem, *, rounds: int = ROUNDS) -> Bound:
    """The bound of a problem; never above what today's placement costs."""
    if not problem.links:
        return Bound(0.0, METHOD)
    shape, known = cells(problem), standings.standing(problem)
    today = standings.todays_costs(problem, shape, known)
    moves = np.array(
        [bool(known.members[one.client] or known.members[one.server]) for one in problem.links]
    )
    least = math.fsum(today[~moves])
    if moves.any():
        least += _least_of_moving(problem, shape, envelopes.vertices(problem, known), moves, rounds)
    largest = problem.scale * max(problem.pricing.tiers.values())
    least -= SLACK * largest * math.fsum(link.weight for link in problem.links)
    return Bound(min(max(0.0, least), math.fsum(today)) / problem.scale, METHOD)


def _least_of_moving(
    problem: Problem, shape: Cells, of: Vertices, moves: Bools, rounds: int
) -> float:
    """The least that links cost of which an end may move."""
    links = [link for link, moving in zip(problem.links, moves, strict=True) if moving]
    arrays = packings.as_arrays(links)
    tied = np.array(_tied(of, links), dtype=np.bool_)
    weight = math.fsum(arrays.weights)
    least = shape.host * weight
    for level in range(LEVELS):
        step = shape.steps[level]
        if step > 0:
            ends = [(link.client, link.server) for link in links]
            meets = envelopes.meeting(of, shape, level, ends)
            kept = _kept(arrays, tied, meets, envelopes.envelope(of, shape, level), rounds)
            least += step * max(0.0, weight - kept)
    return least


def _kept(
    links: packings.Links, tied: Bools, meets: Bools, known: envelopes.Envelope, rounds: int
) -> float:
    """The most weight that all links together keep at a level."""
    bound_alone = links.part(tied & meets)
    total = math.fsum(packings.alone(bound_alone, known) * bound_alone.weights)
    free = links.part(~tied & meets)
    if not len(free.weights):
        return total
    shares, directions = packings.kept_shares(free, known)
    shares = np.minimum(shares, packings.alone(free, known))
    single = math.fsum(shares * free.weights)
    around = stars.kept(free, known, (shares, directions), rounds)
    return total + min(single, around.weight)


def _tied(of: Vertices, links: list[Link]) -> list[bool]:
    """Which links are no matter for a star: to itself, or of pods that are in several vertices."""
    owners: dict[int, int] = {}
    for groups in of.standing.members:
        for group in groups:
            owners[group] = owners.get(group, 0) + 1
    shared = [any(owners[group] > 1 for group in groups) for groups in of.standing.members]
    return [
        link.client == link.server or shared[link.client] or shared[link.server] for link in links
    ]
