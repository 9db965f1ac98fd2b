"""What a move has to gain where nobody says what one costs: a share of an average pod's traffic.

Without a price a plan would send half a cluster round for the last few percent, again and again
while traffic changes a little. The share is taken of what traffic costs now, per movable pod that
has any: then it needs no unit, and the less there is left to gain the less is asked (0049).
"""

from dataclasses import replace

from shorthaul.plan.requests import Request
from shorthaul.solve.problems import ROUNDING, Problem
from shorthaul.solve.traffic_views import traffic

SHARE = 1 / 3


def settled(request: Request, problem: Problem) -> Request:
    """The same request with the price of a move as a number."""
    if request.move_price is not None:
        return request
    return replace(request, move_price=from_traffic(problem))


def from_traffic(problem: Problem) -> float:
    """A share of what an average movable pod's traffic costs today, in the objective's unit."""
    talking = [group for group in problem.groups if group.vertices]
    pods = sum(len(group.pods) for group in talking)
    if not pods:
        return 0.0
    ends = {vertex for group in talking for vertex in group.vertices}
    links = tuple(
        one if one.client in ends or one.server in ends else replace(one, weight=0.0)
        for one in problem.links
    )
    cost = traffic(replace(problem, links=links), problem.start).total()
    return SHARE * cost / pods / problem.scale


def move_price(request: Request) -> float:
    """What a move has to gain, in the objective's unit, once that is settled."""
    assert request.move_price is not None
    return request.move_price


def least_gain(request: Request, problem: Problem) -> int:
    """What a move has to gain, in cost units: more than rounding, and its price."""
    return max(ROUNDING, round(move_price(request) * problem.scale))
