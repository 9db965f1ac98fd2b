"""How much traffic a level could keep when each vertex and its neighbours are placed for itself.

A star is a vertex, its links, and a share of the weight of each. It has prices: one per pod of each
neighbour and one per unit of room. If no content of a cell is worth more than its price, then the
star keeps at most the price of all its pods; so the largest worth per pod of the middle is that
pod's price. Any shares and prices give a bound that holds (weak duality), so no solver is trusted:
some rounds of a subgradient method make the sum over stars small, and the smallest is taken. It is
plain arithmetic in a fixed order (no transcendental function, no matrix product, no thread), so
that the same problem gives the same bytes on every machine.
"""

import math
from dataclasses import dataclass

import numpy as np

from shorthaul.solve.envelopes import Envelope
from shorthaul.solve.packings import Links
from shorthaul.solve.problems import Bools
from shorthaul.solve.standings import Floats
from shorthaul.solve.star_tables import Spokes, table

STEP = 0.15
SLOWING = 12
SMOOTHING = 0.3
MOST_PRICE = 2.0
PATIENCE = 40
LEAST_GAIN = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The weight that all links together keep at most, and the price of a pod of each vertex."""

    weight: float
    prices: Floats


@dataclass(slots=True, eq=False)
class _Duals:
    """The share of each link's weight for its client's star; prices of neighbours and of room.

    A neighbour's price is per all its pods and link weight; room's per all room and star weight.
    """

    shares: Floats
    prices: Floats
    room: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Worth:
    """A star's worths under some duals: per pattern, per middle, and which candidate is taken."""

    total: float
    patterns: Floats
    best: Floats
    many: Bools
    taken: Bools


def kept(links: Links, known: Envelope, start: tuple[Floats, Floats], rounds: int) -> Kept:
    """The best bound of at most so many rounds, from the packing of each link: share and direction.

    It stops when PATIENCE rounds gained nothing to speak of.
    """
    stars = _Stars(links, known)
    duals = stars.begin(*start)
    best = stars.worth(duals)
    found = Kept(best.total, stars.prices(duals, best))
    enough = LEAST_GAIN * math.fsum(links.weights)
    totals = [best.total]
    for turn in range(rounds):
        stars.improve(duals, best, turn)
        best = stars.worth(duals)
        if best.total < found.weight:
            found = Kept(best.total, stars.prices(duals, best))
        totals.append(found.weight)
        if turn >= PATIENCE and totals[-1 - PATIENCE] - found.weight < enough:
            break
    return found


class _Stars:
    """All stars of a level with the numbers that stay the same in every round."""

    def __init__(self, links: Links, known: Envelope) -> None:
        self._links, self._known = links, known
        self._table = table(links, known)
        spokes, middles = self._table.spokes, self._table.middles
        self._weights = links.weights[spokes.links]
        self._sizes = known.sizes.astype(np.float64)
        self._room = np.maximum(1.0, known.room)
        self._asked = _asked(spokes, known)
        self._firsts = np.flatnonzero(np.diff(middles, prepend=-1))
        around = np.bincount(spokes.middles, self._weights, len(known.sizes))
        self._per_pod = around / np.maximum(1.0, self._sizes)
        moving = np.maximum(0, self._table.low - known.fixed[middles])
        used = moving[:, None] * known.requests[middles]
        self._left = (known.room[middles] - used) / self._table.low[:, None]
        self._middle_of_term = spokes.middles[self._table.terms]

    def begin(self, shares: Floats, directions: Floats) -> _Duals:
        """Half of each link to either end, neighbours priced as the packing of the link has it."""
        spokes = self._table.spokes
        direction = directions[spokes.links]
        part = np.where(spokes.of_client, 1.0 - direction, direction)
        prices = shares[spokes.links] * part * 0.5
        room = np.zeros_like(self._room)
        return _Duals(np.full(len(shares), 0.5), prices, room)

    def worth(self, duals: _Duals) -> _Worth:
        """What the most valuable pattern of every star is worth per pod, and the bound."""
        made, spokes = self._table, self._table.spokes
        share = duals.shares[spokes.links]
        weight = self._weights * np.where(spokes.of_client, share, 1.0 - share)
        room_prices = self._room_prices(duals)
        price = self._pod_prices(duals)[made.terms]
        for resource in range(self._room.shape[1]):
            asked = self._asked[made.terms, resource]
            price += room_prices[self._middle_of_term, resource] * asked
        worths = weight[made.terms] * made.kept - price * made.pods
        many = worths[1] > worths[0]
        worth = np.where(many, worths[1], worths[0])
        taken = worth > 0
        total: Floats = np.zeros(len(made.middles))
        total += np.bincount(made.patterns, np.where(taken, worth, 0.0), len(made.middles))
        for resource in range(self._room.shape[1]):
            total += room_prices[made.middles, resource] * self._left[:, resource]
        best = np.zeros(len(self._sizes))
        best[made.middles[self._firsts]] = np.maximum.reduceat(total, self._firsts)
        best = np.maximum(best, 0.0)
        bound = math.fsum(duals.prices * self._weights) + math.fsum(self._sizes * best)
        return _Worth(bound, total, best, many, taken)

    def improve(self, duals: _Duals, found: _Worth, turn: int) -> None:
        """One step against the subgradient, which is smoothed over nearly best patterns."""
        made, spokes = self._table, self._table.spokes
        chosen = self._chosen(found, SMOOTHING / (1.0 + turn / 10.0))
        mixed = chosen[made.patterns] * found.taken * self._sizes[self._middle_of_term]
        pods = mixed * np.where(found.many, made.pods[1], made.pods[0])
        worth = mixed * np.where(found.many, made.kept[1], made.kept[0])
        number = len(spokes.links)
        covered = np.bincount(made.terms, pods, number) / self._sizes[spokes.others]
        seen = np.bincount(made.terms, worth, number)
        step = STEP / (1.0 + turn / SLOWING)
        duals.prices -= step * np.clip(1.0 - covered, -1.0, 1.0)
        np.clip(duals.prices, 0.0, MOST_PRICE, out=duals.prices)
        signed = np.where(spokes.of_client, seen, -seen)
        duals.shares -= step * np.bincount(spokes.links, signed, len(duals.shares))
        np.clip(duals.shares, 0.0, 1.0, out=duals.shares)
        self._improve_room(duals, chosen, pods, step)

    def prices(self, duals: _Duals, found: _Worth) -> Floats:
        """What a pod of each vertex costs in all stars together."""
        spokes = self._table.spokes
        beside = np.bincount(spokes.others, self._pod_prices(duals), len(self._sizes))
        total: Floats = found.best + beside
        return total

    def _pod_prices(self, duals: _Duals) -> Floats:
        found: Floats = duals.prices * self._weights / self._sizes[self._table.spokes.others]
        return found

    def _room_prices(self, duals: _Duals) -> Floats:
        found: Floats = duals.room * self._per_pod[:, None] / self._room
        return found

    def _chosen(self, found: _Worth, width: float) -> Floats:
        """How much each pattern counts: those within some width of the best of their star."""
        middles = self._table.middles
        best = found.best[middles]
        off = (best - found.patterns) / np.maximum(best * width, np.finfo(np.float64).tiny)
        near = np.maximum(0.0, 1.0 - off) * (best > 0)
        near = near * near
        total = np.bincount(middles, near, len(found.best))[middles]
        share: Floats = np.divide(near, total, out=np.zeros_like(near), where=total > 0)
        return share

    def _improve_room(self, duals: _Duals, chosen: Floats, pods: Floats, step: float) -> None:
        made = self._table
        for resource in range(self._room.shape[1]):
            asked = pods * self._asked[made.terms, resource]
            used = np.bincount(self._middle_of_term, asked, len(self._sizes)) / self._sizes
            left = np.bincount(made.middles, chosen * self._left[:, resource], len(self._sizes))
            spare = np.clip((left - used) / self._room[:, resource], -1.0, 1.0)
            duals.room[:, resource] = np.maximum(0.0, duals.room[:, resource] - step * spare)


def _asked(spokes: Spokes, known: Envelope) -> Floats:
    """What a pod asks per spoke: it takes its room once, however many links lead to it.

    Where some pods of a vertex stay, the first ones take no room, and so none is counted.
    """
    pairs = spokes.middles * np.int64(len(known.sizes)) + spokes.others
    _, inverse, links = np.unique(pairs, return_inverse=True, return_counts=True)
    moving = np.where(known.fixed[:, None] > 0, 0.0, known.requests)
    found: Floats = moving[spokes.others] / links[inverse.reshape(-1)][:, None]
    return found
