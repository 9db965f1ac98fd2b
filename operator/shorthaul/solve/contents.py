"""Good contents of cells found quickly: pods are put in and taken out while that pays.

Many cells at once, as rows of a table (cells, vertices). Only a way to propose columns: what is
missed costs time, never truth. Sums run in a fixed order, so the same prices give the same cells.
"""

from dataclasses import dataclass

import numpy as np

from shorthaul.solve.problems import Bools, Ints
from shorthaul.solve.standings import Floats

STEPS = 80
LEAST = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Vertices (sizes, most in a cell, requests) and local links (ends, weights) of one level."""

    sizes: Ints
    most: Ints
    requests: Ints
    ends: Ints
    weights: Floats

    def worth(self, contents: Ints) -> Floats:
        """What each content keeps."""
        shares = contents / self.sizes
        kept = np.minimum(shares[:, self.ends[:, 0]], shares[:, self.ends[:, 1]])
        total: Floats = np.add.reduce((self.weights * kept).T, axis=0)
        return total

    def fits(self, contents: Ints, rooms: Ints) -> Bools:
        """Whether each content has room in its cell."""
        taken: Ints = contents @ self.requests
        found: Bools = np.all(taken <= rooms, axis=1)
        return found


def grow(market: Market, contents: Ints, rooms: Ints, prices: Floats) -> Ints:
    """Takes out what costs more than it keeps and puts in what keeps most for its room."""
    found = contents.copy()
    one, other = market.ends[:, 0], market.ends[:, 1]
    largest = np.maximum(1, rooms.max(axis=0))
    takes = np.add.reduce((market.requests / largest).T, axis=0) + 1e-12
    rows = np.arange(len(found))
    for _ in range(STEPS):
        gains = _Gains(market, found, prices)
        free = rooms - found @ market.requests
        drop = gains.drop.argmax(axis=1)
        drops = gains.drop[rows, drop] > LEAST
        room = (free[:, None, :] >= market.requests).all(axis=2) & (found < market.most)
        single = np.where(room, gains.add / takes, 0.0)
        pairs = market.requests[one] + market.requests[other]
        both = (free[:, None, :] >= pairs).all(axis=2) & room[:, one] & room[:, other]
        double = np.where(both, gains.pair / (takes[one] + takes[other]), 0.0)
        add, pair = single.argmax(axis=1), double.argmax(axis=1)
        best, best_pair = single[rows, add], double[rows, pair]
        pairs_up = ~drops & (best_pair > best) & (best_pair > LEAST)
        adds = ~drops & ~pairs_up & (best > LEAST)
        if not (drops | pairs_up | adds).any():
            break
        found[rows[drops], drop[drops]] -= 1
        found[rows[adds], add[adds]] += 1
        found[rows[pairs_up], one[pair[pairs_up]]] += 1
        found[rows[pairs_up], other[pair[pairs_up]]] += 1
    return found


class _Gains:
    """What a pod more, a pod less, and one more at both ends of a link would change."""

    def __init__(self, market: Market, contents: Ints, prices: Floats) -> None:
        one, other = market.ends[:, 0], market.ends[:, 1]
        each = 1.0 / market.sizes
        first, second = contents[:, one] * each[one], contents[:, other] * each[other]
        now = np.minimum(first, second)
        up, over = first + each[one], second + each[other]
        more = market.weights * (np.minimum(up, second) - now)
        beside = market.weights * (np.minimum(first, over) - now)
        both = market.weights * (np.minimum(up, over) - now)
        self.add = _gathered(market, more, beside) - prices
        self.pair = self.add[:, one] + self.add[:, other] + both - more - beside
        less = market.weights * (np.minimum(first - each[one], second) - now)
        fewer = market.weights * (np.minimum(first, second - each[other]) - now)
        self.drop = np.where(contents > 0, _gathered(market, less, fewer) + prices, -1.0)


def _gathered(market: Market, at_one: Floats, at_other: Floats) -> Floats:
    """Sums of links by vertex (cells, vertices)."""
    found = np.zeros((len(market.sizes), len(at_one)))
    np.add.at(found, market.ends[:, 0], at_one.T)
    np.add.at(found, market.ends[:, 1], at_other.T)
    return found.T
