"""How much of one link's traffic a level could keep, had its two ends the cluster to themselves.

In each cell, x clients and y servers keep v(x, y) of the traffic. If v(x, y) <= L (a X + b Y) for
all that one cell can hold, X and Y being the shares of all clients and servers, then all cells
together keep at most L (a + b). With a + b = 1 that is L itself. Several directions (a, b) are
tried and the smallest result is taken. Only the richest cells matter for the largest ratio: by
number of the smaller end, the one or two counts of the other that are as many as fit or match.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shorthaul.solve import runs
from shorthaul.solve.envelopes import Envelope
from shorthaul.solve.problems import Bools, Ints, Link
from shorthaul.solve.standings import Floats
from shorthaul.units import Routing

DIRECTIONS = 16
UNBOUNDED = 2**40


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Links as arrays; those that are directed keep what any server in the cell lets them."""

    clients: Ints
    servers: Ints
    weights: Floats
    uniform: Bools
    directed: Bools

    def part(self, chosen: Bools) -> "Links":
        """Only some of them."""
        return Links(
            self.clients[chosen],
            self.servers[chosen],
            self.weights[chosen],
            self.uniform[chosen],
            self.directed[chosen],
        )


def as_arrays(links: Sequence[Link]) -> Links:
    """Links as arrays."""
    routings = [link.routing for link in links]
    return Links(
        np.array([link.client for link in links], dtype=np.int64),
        np.array([link.server for link in links], dtype=np.int64),
        np.array([link.weight for link in links], dtype=np.float64),
        np.array([one is Routing.UNIFORM for one in routings], dtype=np.bool_),
        np.array([one in (Routing.ZONE, Routing.NODE) for one in routings], dtype=np.bool_),
    )


def alone(links: Links, known: Envelope) -> Floats:
    """By the largest share of either end in one cell, whatever the room."""
    shares = known.most / np.maximum(1, known.sizes)
    largest = np.minimum(shares[links.clients], shares[links.servers])
    return np.where(links.uniform, np.minimum(1.0, largest), 1.0)


def kept_shares(links: Links, known: Envelope) -> tuple[Floats, Floats]:
    """The largest share of each link's traffic that is kept, and the best a (its b is 1 - a)."""
    swapped = ~links.directed & (known.sizes[links.clients] > known.sizes[links.servers])
    ours = np.where(swapped, links.servers, links.clients)
    theirs = np.where(swapped, links.clients, links.servers)
    rows, x, y = _corners(links, ours, theirs, known)
    ends = known.sizes[ours][rows], known.sizes[theirs][rows]
    clients, servers = x / ends[0], y / ends[1]
    value = np.where(
        links.uniform[rows], clients * servers, np.where(y > 0, np.minimum(clients, servers), 0.0)
    )
    value = np.where(links.directed[rows] & (y > 0), clients, value)
    best = np.full(len(ours), np.inf)
    direction = np.zeros(len(ours))
    for step in range(DIRECTIONS + 1):
        part = step / DIRECTIONS
        price = part * clients + (1.0 - part) * servers
        ratio = np.divide(value, price, out=np.zeros_like(value), where=value > 0)
        steepest = np.zeros(len(ours))
        np.maximum.at(steepest, rows, ratio)
        direction = np.where(steepest < best, part, direction)
        best = np.minimum(best, steepest)
    return np.minimum(best, 1.0), np.where(swapped, 1.0 - direction, direction)


def _corners(links: Links, ours: Ints, theirs: Ints, known: Envelope) -> tuple[Ints, Ints, Ints]:
    """Per link (rows) and count of one end, the counts of the other that may be worth most."""
    lengths = known.most[ours]
    rows, x = runs.owners(lengths), runs.ranks(lengths) + 1
    most = room_for(known, (ours[rows], x), theirs[rows])
    match = x * known.sizes[theirs][rows]
    below = np.minimum(match // known.sizes[ours][rows], most)
    above = np.minimum(-(-match // known.sizes[ours][rows]), most)
    uniform, directed = links.uniform[rows], links.directed[rows]
    below = np.where(uniform, most, np.where(directed, np.minimum(1, most), below))
    above = np.where(uniform | directed, below, above)
    return np.concatenate([rows, rows]), np.concatenate([x, x]), np.concatenate([below, above])


def room_for(known: Envelope, beside: tuple[Ints, Ints], vertices: Ints) -> Ints:
    """The most pods of vertices that fit beside so many pods of others; 0 if these do not fit.

    Pods that stay take no room.
    """
    others, counts = beside
    moving = np.maximum(0, counts - known.fixed[others])
    found = known.most[vertices]
    for resource in range(known.room.shape[1]):
        room = np.minimum(known.room[others, resource], known.room[vertices, resource])
        left = room - moving * known.requests[others, resource]
        asked = known.requests[vertices, resource]
        fit = np.where(asked > 0, left // np.maximum(1, asked), UNBOUNDED)
        more = np.where(left < 0, -UNBOUNDED, fit + known.fixed[vertices])
        found = np.minimum(found, more)
    return np.maximum(0, found)
