"""Gain against the number of moves, by sweeping the price of a move, and the knee of that curve.

Each price gives the best placement it can pay for; falling prices buy more moves. Only points on
the upper concave hull are kept: the others are beaten by what lies between two of the hull. The
knee is the hull point with the largest distance above the chord from no move to the most moves, in
coordinates scaled to 1 (Satopää and others, Kneedle, 2011); with a straight hull it is its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shorthaul.plan.posing import effort_of, pose
from shorthaul.plan.requests import Request
from shorthaul.solve import side_by_side
from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.solvers import Effort, Mapper, Solver, one_by_one

PRICES = 10
RATIO = 3


@dataclass(frozen=True, slots=True)
class Stop:
    """One point for people: net moves, the cost then, and the gain, in the objective's unit."""

    moves: int
    cost: float
    gain: float


@dataclass(frozen=True, slots=True)
class Frontier:
    """The best gain for each number of moves, beginning with none; `knee` is one of the stops."""

    unit: str
    stops: tuple[Stop, ...]
    knee: Stop
    time_limited: bool


def frontier(request: Request) -> Frontier:
    """The frontier of a request, in the objective's unit."""
    problem = pose(request)
    points = sweep(problem, request.solver, effort_of(request, problem), request.mapper)
    stops = {
        point.moves: Stop(
            point.moves, point.assignment.cost / problem.scale, point.gain / problem.scale
        )
        for point in points
    }
    limited = any(point.assignment.limited for point in points)
    return Frontier(
        problem.pricing.unit, tuple(stops.values()), stops[knee_of(points).moves], limited
    )


@dataclass(frozen=True, slots=True)
class Point:
    """A placement: its net moves, and what it saves in cost units."""

    moves: int
    gain: int
    assignment: Assignment


def sweep(
    problem: Problem, solver: Solver, effort: Effort, mapper: Mapper = one_by_one
) -> tuple[Point, ...]:
    """The hull of the frontier, by rising number of moves, beginning with none."""
    still = solver.solve(problem, replace(effort, most_moves=0))
    points = [Point(0, 0, still)]
    free = solver.solve(problem, effort)
    highest = still.cost - free.cost
    if highest > 0:
        points.append(_point(problem, still, free))
    prices = [highest // RATIO**step for step in range(1, PRICES + 1)]
    asked = [replace(effort, move_price=each) for each in prices if each > effort.move_price]
    for found in side_by_side.solve_all(solver, problem, asked, mapper):
        if found is not None:
            points.append(_point(problem, still, found))
    return hull(points)


def knee(
    problem: Problem, solver: Solver, effort: Effort, mapper: Mapper = one_by_one
) -> Assignment:
    """The placement at the knee."""
    return knee_of(sweep(problem, solver, effort, mapper)).assignment


def hull(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points that no mixture of two others beats."""
    found: list[Point] = []
    for point in sorted(points, key=lambda point: (point.moves, -point.gain)):
        if found and point.gain <= found[-1].gain:
            continue
        while len(found) > 1 and _slope(found[-2], found[-1]) <= _slope(found[-2], point):
            found.pop()
        found.append(point)
    return tuple(found)


def knee_of(points: Sequence[Point]) -> Point:
    """The hull point farthest above the chord; the fewest moves among equals."""
    last = points[-1]
    if last.moves == 0:
        return last
    inner = [point for point in points if _above(point, last) > 0]
    return max(inner, key=lambda point: (_above(point, last), -point.moves), default=last)


def _above(point: Point, last: Point) -> float:
    return point.gain / last.gain - point.moves / last.moves


def _slope(one: Point, other: Point) -> float:
    return (other.gain - one.gain) / max(1, other.moves - one.moves)


def _point(problem: Problem, still: Assignment, found: Assignment) -> Point:
    return Point(found.counts.left_from(problem.start), still.cost - found.cost, found)
