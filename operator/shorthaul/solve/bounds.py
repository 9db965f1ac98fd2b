"""A lower bound that no plan can go below: what each level could keep at most.

Distance is a sum of steps over the levels of the network, so cost is bounded level by level. What a
level keeps is bounded link by link (`packings`) and vertex by vertex (`stars`); for each vertex the
smaller counts, half of every link at either end. Links between pods that all stay are exact. It is
weak where many compete for the same room, and valid always: tests hold it against brute force.
"""

from dataclasses import dataclass

from shorthaul.solve import packings, stars
from shorthaul.solve.cells import LEVELS, Cells, cells
from shorthaul.solve.envelopes import Envelope, envelope
from shorthaul.solve.problems import Link, Problem
from shorthaul.solve.traffic_states import TrafficState

METHOD = "per level: packing of each edge, knapsack around each vertex"
SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Bound:
    """The bound in the objective's unit and how it was found."""

    value: float
    method: str


def lower_bound(problem: Problem) -> Bound:
    """The bound of a problem; never above what today's placement costs."""
    if not problem.links:
        return Bound(0.0, METHOD)
    shape = cells(problem)
    known = envelope(problem, shape)
    today = TrafficState(problem, problem.start).link_costs()
    stays = [not (known.groups[one.client] | known.groups[one.server]) for one in problem.links]
    fixed = sum(cost for cost, still in zip(today, stays, strict=True) if still)
    links = [link for link, still in zip(problem.links, stays, strict=True) if not still]
    weight = sum(link.weight for link in links)
    least = fixed + shape.host * weight
    for level in range(LEVELS):
        step = shape.steps[level]
        if step > 0 and links:
            least += step * max(0.0, weight - _kept(links, level, shape, known))
    largest = problem.scale * max(problem.pricing.tiers.values())
    least -= SLACK * largest * sum(link.weight for link in problem.links)
    value = min(max(0.0, least), float(sum(today))) / problem.scale
    return Bound(value, METHOD)


def _kept(links: list[Link], level: int, shape: Cells, known: Envelope) -> float:
    """The most weight that all links together keep at a level."""
    shares = [packings.kept_share(link, level, shape, known) for link in links]
    single = [link.weight * share for link, share in zip(links, shares, strict=True)]
    entangled = stars.overlapping(links, known)
    total = sum(weight for weight, tied in zip(single, entangled, strict=True) if tied)
    around: dict[int, list[int]] = {}
    for index, (link, tied) in enumerate(zip(links, entangled, strict=True)):
        for end in () if tied else (link.client, link.server):
            around.setdefault(end, []).append(index)
    for vertex, indices in around.items():
        star = stars.kept(vertex, [links[i] for i in indices], level, shape, known)
        total += min(star, sum(single[i] for i in indices)) / 2
    return total
