"""How much of one link's traffic a level could keep, had its two ends the cluster to themselves.

In each cell, x clients and y servers keep v(x, y) of the traffic. If v(x, y) <= L (a x + b y) for
all that one cell can hold, then all cells together keep at most L (a X + b Y), X and Y being all
clients and all servers. Three directions (a, b) are tried and the smallest result is taken; with a
and b scaled by the sizes it is L itself.
"""

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve.cells import Cells
from shorthaul.solve.envelopes import Envelope
from shorthaul.solve.problems import Ints, Link
from shorthaul.units import Routing

LARGEST_TABLE = 100_000
Floats = NDArray[np.float64]


def kept_share(link: Link, level: int, cells: Cells, known: Envelope) -> float:
    """The largest share of a link's traffic that cells of a level can keep."""
    part = cells.slice(level)
    both = known.possible[link.client, part] & known.possible[link.server, part]
    if not both.any():
        return 0.0
    most_clients = int(known.most[link.client, part][both].max())
    most_servers = int(known.most[link.server, part][both].max())
    clients, servers = int(known.sizes[link.client]), int(known.sizes[link.server])
    alone = _alone(link, most_clients / clients, most_servers / servers)
    shared = known.groups[link.client] & known.groups[link.server]
    if shared or link.client == link.server or most_clients * most_servers > LARGEST_TABLE:
        return alone
    x = np.arange(most_clients + 1)[:, None]
    y = np.arange(most_servers + 1)[None, :]
    room = known.room[:, part][:, both].max(axis=1)
    fits = _fits(link, x, y, room, (known, part, both))
    value = np.where(fits, _value(link, x / clients, y / servers), 0.0)
    return min(alone, _steepest(value, x / clients, y / servers))


def _alone(link: Link, clients: float, servers: float) -> float:
    """By the largest share of either end in one cell, whatever the room."""
    return min(1.0, clients, servers) if link.routing is Routing.UNIFORM else 1.0


def _value(link: Link, clients: Floats, servers: Floats) -> Floats:
    """What a cell keeps, by the shares of both ends that it holds."""
    if link.routing is Routing.UNIFORM:
        return clients * servers
    if link.routing is Routing.LOCAL:
        return np.minimum(clients, servers)
    return np.where(servers > 0, clients, 0.0)


def _fits(
    link: Link,
    x: Ints,
    y: Ints,
    room: Ints,
    where: tuple[Envelope, slice, NDArray[np.bool_]],
) -> NDArray[np.bool_]:
    """Which pairs of counts have room in the roomiest cell; pods that stay take none of it."""
    known, part, both = where
    more_x = np.maximum(0, x - int(known.fixed[link.client, part][both].max()))
    more_y = np.maximum(0, y - int(known.fixed[link.server, part][both].max()))
    found = np.ones((x.shape[0], y.shape[1]), dtype=np.bool_)
    pairs = zip(known.requests[link.client], known.requests[link.server], room, strict=True)
    for one, other, limit in pairs:
        found &= more_x * one + more_y * other <= limit
    return found


def _steepest(value: Floats, clients: Floats, servers: Floats) -> float:
    """The smallest of the bounds by three directions."""
    found = 1.0
    for part in (0.0, 0.5, 1.0):
        weight = part * clients + (1 - part) * servers
        steep = np.divide(value, weight, out=np.zeros_like(value), where=value > 0)
        found = min(found, float(steep.max()))
    return found
