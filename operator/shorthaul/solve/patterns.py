"""How much a level of few kinds of cells could keep, by whole contents of cells.

Prices of pods give a bound: all pods at their prices, plus, for every cell, the most that any
content is worth above its price (Lagrange; Gilmore and Gomory's column generation finds good
prices). What a cell is worth at most is a small mixed-integer program, one for each kind of cell.
Any prices hold; those of the stars come first and are improved inside a box around the best.

Only for levels where all links are local, no pod of a link stays, and cells are of few kinds.
Limits count as what one cell may hold; reach does not count. Pods without traffic need no row:
the room they take is what the others leave.
"""

import math
from dataclasses import dataclass

import numpy as np

from shorthaul.solve import contents
from shorthaul.solve.envelopes import Envelope
from shorthaul.solve.linear_programs import Covering, Filling
from shorthaul.solve.packings import UNBOUNDED, Links
from shorthaul.solve.problems import Ints
from shorthaul.solve.standings import Floats
from shorthaul.solve.stars import Kept

MOST_KINDS = 5
MOST_LINKS = 600
INNER = 5
NODES = 20_000
BLEND = 0.5
FIRST_WIDTH, LEAST_WIDTH, MOST_WIDTH = 0.2, 0.03, 0.5
SPARE = 0.05
SLACKS = (2e-2, 5e-3)
LEAST_NEWS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """Kinds of cells: the room of each (kinds, resources), and how many cells there are."""

    rooms: Ints
    numbers: Ints


def fit(links: Links, known: Envelope) -> bool:
    """Whether the method is for such links."""
    ends = np.concatenate([links.clients, links.servers])
    local = not (links.uniform | links.directed).any()
    return local and 0 < len(links.weights) <= MOST_LINKS and not known.fixed[ends].any()


def kinds(rooms: Ints) -> Kinds:
    """Few kinds of cells (cells, resources), each with the room of its roomiest."""
    found, numbers = np.unique(rooms, axis=0, return_counts=True)
    while len(found) > MOST_KINDS:
        largest = np.maximum(1, found.max(axis=0))
        joined = np.maximum(found[:, None, :], found[None, :, :])
        wasted = ((joined - found[:, None, :]) / largest).max(axis=2) * numbers[:, None]
        loss = wasted + wasted.T + np.where(np.eye(len(found)) > 0, np.inf, 0.0)
        one, other = np.unravel_index(int(loss.argmin()), loss.shape)
        found[one], numbers[one] = joined[one, other], numbers[one] + numbers[other]
        found = np.delete(found, other, axis=0)
        numbers = np.delete(numbers, other)
    return Kinds(found, numbers)


def kept(links: Links, known: Envelope, cells: Kinds, start: Kept, turns: int) -> Kept:
    """The best bound after some turns, beginning with the prices and the bound of `start`."""
    vertices, ends = np.unique(
        np.stack([links.clients, links.servers], axis=1), return_inverse=True
    )
    weight = math.fsum(links.weights)
    market = contents.Market(
        known.sizes[vertices],
        known.most[vertices],
        known.requests[vertices],
        ends.reshape(-1, 2),
        links.weights / weight,
    )
    search = _Search(market, cells, start.prices[vertices] / weight, start.weight / weight)
    for _ in range(turns):
        search.turn()
    prices = start.prices.copy()
    prices[vertices] = search.prices * weight
    return Kept(min(start.weight, search.least * weight), prices)


class _Search:
    """The contents found so far, the best prices, and the box around them; all weights sum to 1."""

    def __init__(self, market: contents.Market, cells: Kinds, prices: Floats, least: float) -> None:
        self._market, self._cells = market, cells
        self.prices, self.least = prices, least
        spare = SPARE / (market.sizes * len(market.sizes))
        self._box, self._width = prices + spare, FIRST_WIDTH
        self._covering = Covering(market.sizes, cells.numbers)
        self._fillings = [_filling(market, room) for room in cells.rooms]
        self._columns: list[tuple[int, Ints]] = []
        self._seen: set[tuple[int, bytes]] = set()
        self._drawn = 0
        self._seed()

    def turn(self) -> None:
        """Better prices by quick contents, then their bound, which is exact."""
        value, prices = self._outbid()
        asked = BLEND * self.prices + (1.0 - BLEND) * prices
        loose = self.least - value > SLACKS[0]
        bound = self._bound(asked, SLACKS[0] if loose else SLACKS[1])
        better = self.least - bound
        if better > 1e-4:
            self._width = min(MOST_WIDTH, self._width * 1.2)
        elif better <= 0:
            self._width = max(LEAST_WIDTH, self._width * 0.8)
        if better > 0:
            self.least, self.prices = bound, asked

    def _bound(self, prices: Floats, slack: float) -> float:
        """All pods at their prices and every cell at the most that it can be worth above them."""
        parts = (self._market.sizes * prices).tolist()
        each = slack / max(1, int(self._cells.numbers.sum()))
        for kind, filling in enumerate(self._fillings):
            filled = filling.fill(prices, slack=each, nodes=NODES)
            parts.append(int(self._cells.numbers[kind]) * filled.most)
            counts = np.maximum(0, np.minimum(filled.counts, self._market.most))
            every = np.repeat(counts[None, :], len(self._cells.rooms), axis=0)
            self._add(every, np.arange(len(every)), None)
        return math.fsum(parts)

    def _outbid(self) -> tuple[float, Floats]:
        """Prices in the box that quick contents cannot beat any more."""
        low = self.prices - self._width * self._box
        high = self.prices + self._width * self._box
        for _ in range(INNER):
            value, prices, of_kinds, used = self._covering.solve(low, high)
            chosen = [self._columns[index] for index in np.flatnonzero(used > 1e-9).tolist()]
            if not chosen:
                break
            rows = np.array([counts for _, counts in chosen])
            kind = np.array([one for one, _ in chosen])
            others = self._draw((len(rows), 1), len(self._cells.rooms))[:, 0]
            every = np.concatenate([self._thinned(rows, 50), self._thinned(rows, 80), rows])
            where = np.concatenate([kind, kind, others])
            grown = self._grown(every, where, prices)
            if self._add(grown, where, (prices, of_kinds)) < LEAST_NEWS:
                break
        return value, prices

    def _grown(self, rows: Ints, where: Ints, prices: Floats) -> Ints:
        rooms = self._cells.rooms[where]
        for percent in (40, 0):
            over = ~self._market.fits(rows, rooms)
            rows[over] = self._thinned(rows[over], percent)
        return contents.grow(self._market, rows, rooms, prices)

    def _add(self, rows: Ints, where: Ints, asked: tuple[Floats, Floats] | None) -> int:
        """Contents that fit, are new, and are worth more than their price."""
        fits = self._market.fits(rows, self._cells.rooms[where])
        worths = self._market.worth(rows)
        if asked is not None:
            cost = np.add.reduce((rows * asked[0]).T, axis=0) + asked[1][where]
            fits &= worths > cost + 1e-7
        news = 0
        for index in np.flatnonzero(fits).tolist():
            key = (int(where[index]), rows[index].tobytes())
            if key not in self._seen:
                self._seen.add(key)
                self._columns.append((key[0], rows[index].copy()))
                self._covering.add(key[0], rows[index], float(worths[index]))
                news += 1
        return news

    def _seed(self) -> None:
        """Contents grown from each of the heaviest links."""
        heavy = np.argsort(-self._market.weights, kind="stable")[:60]
        number = len(self._cells.rooms)
        rows = np.zeros((len(heavy) * number, len(self._market.sizes)), dtype=np.int64)
        for index, link in enumerate(np.repeat(heavy, number).tolist()):
            rows[index, self._market.ends[link]] = 1
        where = np.tile(np.arange(number), len(heavy))
        for part in (0.95, 0.8, 0.6):
            self._add(self._grown(rows.copy(), where, self.prices * part), where, None)

    def _thinned(self, rows: Ints, percent: int) -> Ints:
        """Only some vertices of each content, drawn."""
        found: Ints = rows * (self._draw(rows.shape, 100) < percent)
        return found

    def _draw(self, shape: tuple[int, int], below: int) -> Ints:
        """Numbers that look drawn and are the same on every machine."""
        self._drawn += 1
        rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
        mixed = (rows * 73_856_093) ^ (columns * 19_349_663) ^ (self._drawn * 83_492_791)
        mixed = (mixed * 1_103_515_245 + 12_345) & 0x7FFF_FFFF
        found: Ints = (mixed >> 8) % below
        return found


def _filling(market: contents.Market, room: Ints) -> Filling:
    """The program of one kind of cell."""
    most = np.minimum(market.most, _beside(market, room))
    found = Filling(room, market.requests, most, market.sizes)
    steepest = []
    for one, other in (market.ends.T, market.ends.T[::-1]):
        left = room - market.requests[one]
        fit = np.minimum(most[other], _fit(left, market.requests[other]))
        share = np.maximum(0, fit) / market.sizes[other]
        steepest.append(np.minimum(1.0 / market.sizes[one], share) * (1.0 + 2.0**-40))
    found.connect(market.ends, market.weights, np.stack(steepest, 1))
    return found


def _beside(market: contents.Market, room: Ints) -> Ints:
    return _fit(np.broadcast_to(room, market.requests.shape), market.requests)


def _fit(left: Ints, asked: Ints) -> Ints:
    """How many pods fit into what is left, by the scarcest resource."""
    fit = np.where(asked > 0, left // np.maximum(1, asked), UNBOUNDED)
    found: Ints = fit.min(axis=1, initial=UNBOUNDED)
    return found
