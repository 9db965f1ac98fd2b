"""Gain against the number of moves, by sweeping the price of a move, and the knee of that curve.

Each price gives the best placement it can pay for; falling prices buy more moves. The upper concave
hull of these points is what the knee is taken from. A price never stops between two points of
the hull, so who wants to see the whole curve gets searches within budgets there too: of all points
those are kept that no other beats with as few moves. The
knee is the hull point with the largest distance above the chord from no move to the most moves, in
coordinates scaled to 1 (Satopää and others, Kneedle, 2011); with a straight hull it is its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shorthaul.plan.least_gains import settled
from shorthaul.plan.posing import effort_of, pose
from shorthaul.plan.requests import Request
from shorthaul.solve import side_by_side
from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.solvers import Effort, Mapper, Solver, one_by_one

PRICES = 10
RATIO = 3
SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
NEAR = 0.2


@dataclass(frozen=True, slots=True)
class Stop:
    """One point for people: net moves, the cost then, and the gain, in the objective's unit."""

    moves: int
    cost: float
    gain: float


@dataclass(frozen=True, slots=True)
class Frontier:
    """The best gain found for at most so many moves, beginning with none; gains rise with moves.

    `knee` is one of the stops.
    """

    unit: str
    stops: tuple[Stop, ...]
    knee: Stop
    time_limited: bool


def frontier(request: Request) -> Frontier:
    """The whole frontier of a request, in the objective's unit."""
    problem = pose(request)
    request = settled(request, problem)
    effort = effort_of(request, problem)
    corners = sweep(problem, request.solver, effort, request.mapper)
    asked = [replace(effort, most_moves=most) for most in budgets(corners)]
    between = _found(problem, corners[0].assignment, request.solver, asked, request.mapper)
    points = unbeaten([*corners, *between])
    stops = {
        point.moves: Stop(
            point.moves, point.assignment.cost / problem.scale, point.gain / problem.scale
        )
        for point in points
    }
    limited = any(point.assignment.limited for point in points)
    return Frontier(problem.pricing.unit, tuple(stops.values()), _knee(corners, stops), limited)


def _knee(corners: Sequence["Point"], stops: Mapping[int, Stop]) -> Stop:
    """The knee of the hull, or what beats it with as few moves."""
    most = knee_of(corners).moves
    return stops[max(moves for moves in stops if moves <= most)]


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
    return hull([*points, *_found(problem, still, solver, asked, mapper)])


def knee(
    problem: Problem, solver: Solver, effort: Effort, mapper: Mapper = one_by_one
) -> Assignment:
    """The placement at the knee."""
    return knee_of(sweep(problem, solver, effort, mapper)).assignment


def budgets(corners: Sequence[Point]) -> tuple[int, ...]:
    """Numbers of moves that no corner of the hull is near, by shares of the most."""
    last = corners[-1].moves
    asked = sorted({round(share * last) for share in SHARES} - {0})
    return tuple(
        most for most in asked if not any((1 - NEAR) * most <= one.moves <= most for one in corners)
    )


def unbeaten(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points that no other beats with as few moves, by rising number of moves."""
    found: list[Point] = []
    for point in sorted(points, key=lambda point: (point.moves, -point.gain)):
        if not found or point.gain > found[-1].gain:
            found.append(point)
    return tuple(found)


def hull(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points that no mixture of two others beats."""
    found: list[Point] = []
    for point in unbeaten(points):
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


def _found(
    problem: Problem, still: Assignment, solver: Solver, asked: Sequence[Effort], mapper: Mapper
) -> list[Point]:
    """What each of some efforts comes to, but for those that no time was left for."""
    found = side_by_side.solve_all(solver, problem, asked, mapper)
    return [_point(problem, still, one) for one in found if one is not None]


def _point(problem: Problem, still: Assignment, found: Assignment) -> Point:
    return Point(found.counts.left_from(problem.start), still.cost - found.cost, found)
