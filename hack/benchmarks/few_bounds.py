"""What no plan of so many moves can go below, whatever it does, where traffic is evenly routed.

Pods in one rack are taken to cost no more than on one host, and racks to have room for all; that
can only be too cheap. What is left is a labelling: each pod has a rack, its own at no price and any
other at the price of a move, and each pair of pods that talk costs by how far their racks are
apart. Its linear dual is climbed by tree-reweighted message passing (Kolmogorov, 2006), colour by
colour; any messages prove a bound, the price times the moves taken off it. Pods of one service in
one rack are alike, so one of them stands for all.

Not part of the product: a certificate of how near the frontier is to the best there can be.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.outcomes import Skipped
from benchmarks.worlds import Floats
from shorthaul.solve.problems import Ints, Problem
from shorthaul.units import TIERS, Routing

PRICES = (0.25, 0.2, 0.16)
LARGEST = 60_000_000
SLACK = 1e-9
RACK, ZONE, REGION = range(3)


def least_cost(problem: Problem, most_moves: int, rounds: int) -> float:
    """The largest bound of a few prices of a move, each going on from the messages before it."""
    even = all(link.routing is Routing.UNIFORM and not link.prices for link in problem.links)
    if not even or most_moves < 1:
        raise Skipped("only for links that are all evenly routed and priced, and one move or more")
    classes = _classes(problem)
    pairs = _pairs(problem, classes)
    racks = int(problem.tiers[RACK].max()) + 1
    if len(pairs.weights) * racks > LARGEST:
        raise Skipped(f"{len(pairs.weights)} pairs of classes in {racks} racks are too many")
    total = float((pairs.weights * pairs.many * _apart(problem, classes, pairs)).sum())
    dual = _Dual(problem, classes, pairs)
    found = 0.0
    for share in PRICES:
        price = share * total / most_moves
        for _ in range(rounds):
            found = max(found, dual.climb(price) - price * most_moves)
    return found - SLACK * total


@dataclass(frozen=True, slots=True, eq=False)
class _Classes:
    """Pods of one service in one rack: the service, the rack, how many; colours of services."""

    groups: Ints
    racks: Ints
    sizes: Ints
    colours: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Classes that talk, the first of the lower colour: what a pair of their pods sends, and how
    many such pairs there are."""

    first: Ints
    other: Ints
    weights: Floats
    many: Floats


def _classes(problem: Problem) -> _Classes:
    start, racks = problem.start, problem.tiers[RACK]
    rows = np.repeat(np.arange(start.rows), np.diff(start.offsets))
    width = int(racks.max()) + 1
    keys, inverse = np.unique(rows * width + racks[start.nodes], return_inverse=True)
    sizes = np.bincount(inverse, start.amounts, len(keys)).astype(np.int64)
    groups = keys // width
    return _Classes(groups, keys % width, sizes, _colours(problem)[groups])


def _owners(problem: Problem) -> dict[int, int]:
    """The group of each vertex; raises Skipped where that is not one and all of it."""
    found: dict[int, int] = {}
    for index, group in enumerate(problem.groups):
        for vertex in group.vertices:
            if vertex in found or len(group.vertices) > 1 or problem.background.totals()[vertex]:
                raise Skipped("only for services of one group, all of which may move")
            found[vertex] = index
    return found


def _talk(problem: Problem) -> dict[tuple[int, int], float]:
    """What two groups send each other, both ways; what a group sends itself is left out."""
    owners = _owners(problem)
    found: dict[tuple[int, int], float] = {}
    for link in problem.links:
        one, other = sorted((owners[link.client], owners[link.server]))
        if one != other:
            found[one, other] = found.get((one, other), 0.0) + link.weight
    return found


def _colours(problem: Problem) -> Ints:
    """A number for each group, another one for each that it talks to."""
    near: dict[int, set[int]] = {}
    for one, other in _talk(problem):
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)
    found = np.zeros(len(problem.groups), dtype=np.int64)
    known: dict[int, int] = {}
    for group in sorted(near, key=lambda one: (-len(near[one]), one)):
        taken = {known[other] for other in near[group] if other in known}
        known[group] = next(colour for colour in range(len(taken) + 1) if colour not in taken)
        found[group] = known[group]
    return found


def _pairs(problem: Problem, classes: _Classes) -> _Pairs:
    begins = np.searchsorted(classes.groups, np.arange(len(problem.groups) + 1))
    pods = problem.start.totals()
    firsts, others, weights = [], [], []
    for (one, other), weight in sorted(_talk(problem).items()):
        mine, theirs = (np.arange(begins[group], begins[group + 1]) for group in (one, other))
        pair = [np.repeat(mine, len(theirs)), np.tile(theirs, len(mine))]
        if classes.colours[mine[0]] > classes.colours[theirs[0]]:
            pair.reverse()
        firsts.append(pair[0])
        others.append(pair[1])
        weights.append(np.full(len(pair[0]), weight / float(pods[one] * pods[other])))
    empty = [np.zeros(0, dtype=np.int64)]
    first, other_ = np.concatenate(firsts or empty), np.concatenate(others or empty)
    many = classes.sizes[first] * classes.sizes[other_]
    return _Pairs(first, other_, np.concatenate(weights or [np.zeros(0)]), many.astype(np.float64))


def _apart(problem: Problem, classes: _Classes, pairs: _Pairs) -> Floats:
    """What a unit of traffic costs between the racks of two classes today."""
    host, levels = _steps(problem)
    found = np.full(len(pairs.weights), host)
    for step, place in levels:
        places = place[classes.racks]
        found += step * (places[pairs.first] != places[pairs.other])
    return found


def _steps(problem: Problem) -> tuple[float, list[tuple[float, Ints]]]:
    """The price on one host; what each level adds for those it does not hold, and its places."""
    prices = [problem.pricing.tiers[tier] for tier in TIERS]
    place = {level: _of_racks(problem, level) for level in (RACK, ZONE, REGION)}
    levels = [
        (prices[level + 2] - prices[level + 1], place[level]) for level in (RACK, ZONE, REGION)
    ]
    first = (levels[0][0] + prices[1] - prices[0], levels[0][1])
    return prices[0], [first, *levels[1:]]


def _of_racks(problem: Problem, level: int) -> Ints:
    """The place of each rack at a level."""
    found = np.zeros(int(problem.tiers[RACK].max()) + 1, dtype=np.int64)
    found[problem.tiers[RACK]] = problem.tiers[level]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """The pairs of one colour's classes towards later colours, or earlier ones, class by class."""

    pairs: Ints
    begins: Ints
    classes: Ints
    many: Floats


class _Dual:
    """Messages between classes of pods, and the bound that they prove."""

    def __init__(self, problem: Problem, classes: _Classes, pairs: _Pairs) -> None:
        self._classes, self._pairs = classes, pairs
        self._host, self._levels = _steps(problem)
        racks = int(problem.tiers[RACK].max()) + 1
        self._to_other = np.zeros((len(pairs.weights), racks))
        self._to_first = np.zeros((len(pairs.weights), racks))
        colours = range(int(classes.colours.max(initial=0)) + 1)
        self._later = [self._side(pairs.first, pairs.other, colour) for colour in colours]
        self._earlier = [self._side(pairs.other, pairs.first, colour) for colour in colours]
        near = [np.bincount(one, classes.sizes[other], len(classes.sizes)) for one, other in (
            (pairs.first, pairs.other), (pairs.other, pairs.first))]  # fmt: skip
        self._share = 1.0 / np.maximum(1.0, np.maximum(*near))

    def climb(self, price: float) -> float:
        """One pass there and back at a price of a move; the bound of cost and price."""
        for colour in range(len(self._later)):
            self._pass(colour, price, forth=True)
        bound = self._host * float((self._pairs.weights * self._pairs.many).sum())
        for colour in reversed(range(len(self._later))):
            bound += self._pass(colour, price, forth=False)
        return bound

    def _side(self, mine: Ints, theirs: Ints, colour: int) -> _Side:
        picked = np.flatnonzero(self._classes.colours[mine] == colour)
        order = picked[np.argsort(mine[picked], kind="stable")]
        begins = np.flatnonzero(np.diff(mine[order], prepend=-1))
        many = self._classes.sizes[theirs[order]].astype(np.float64)
        return _Side(order, begins, mine[order][begins], many)

    def _pass(self, colour: int, price: float, *, forth: bool) -> float:
        """Sends messages on from the classes of a colour; what that adds to the bound."""
        classes = self._classes
        own = np.flatnonzero(classes.colours == colour)
        worth = np.full((len(own), self._to_first.shape[1]), price)
        worth[np.arange(len(own)), classes.racks[own]] = 0.0
        sides = (self._later[colour], self._to_first), (self._earlier[colour], self._to_other)
        for side, messages in sides:
            if len(side.pairs):
                told = messages[side.pairs] * side.many[:, None]
                worth[np.searchsorted(own, side.classes)] += np.add.reduceat(told, side.begins)
        least = worth.min(axis=1)
        worth -= least[:, None]
        bound = float(classes.sizes[own] @ least)
        side, back, to = (
            (self._later[colour], self._to_first, self._to_other)
            if forth
            else (self._earlier[colour], self._to_other, self._to_first)
        )
        if len(side.pairs):
            lengths = np.diff(np.append(side.begins, len(side.pairs)))
            mine = np.repeat(side.classes, lengths)
            sent = self._share[mine][:, None] * worth[np.searchsorted(own, mine)] - back[side.pairs]
            lowest = self._carry(sent, self._pairs.weights[side.pairs])
            to[side.pairs] = sent
            bound += float(self._pairs.many[side.pairs] @ lowest)
        return bound

    def _carry(self, sent: Floats, weights: Floats) -> Floats:
        """What each rack hears, in place: the least over racks of what is sent there and the way;
        returns the least of each row, taken off it."""
        found = sent.copy()
        beyond = np.zeros_like(weights)
        wider = [place for _, place in self._levels[1:]]
        for (step, _), around in zip(
            self._levels, [*wider, np.zeros_like(self._levels[0][1])], strict=True
        ):
            beyond = beyond + step * weights
            np.minimum(found, _least_of(sent, around) + beyond[:, None], out=found)
        least: Floats = found.min(axis=1)
        sent[:] = found - least[:, None]
        return least


def _least_of(sent: Floats, places: Ints) -> Floats:
    """For each rack the least of the racks that share its place."""
    order = np.argsort(places, kind="stable")
    begins = np.flatnonzero(np.diff(places[order], prepend=-1))
    least = np.minimum.reduceat(sent[:, order], begins, axis=1)
    number = np.zeros(len(places), dtype=np.int64)
    number[order] = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(places))))
    found: Floats = least[:, number]
    return found
