"""Links whose servers are chosen by the client's zone or node (PreferSameZone, PreferSameNode).

Their cost is no product of counts: which servers a client uses depends on whether there are any
nearby. So the cost is evaluated for whole placements, many at once: `counts` may have one row per
candidate placement. Linear in candidates x nodes.
"""

import numpy as np

from shorthaul.solve.cells import Cells
from shorthaul.solve.problems import Ints, Link
from shorthaul.units import TIERS, Routing

_RACK, _ZONE, _REGION = 1, 2, 3


class DirectedLink:
    """One link with the price of a client-server pair by size of the chosen pool and by tier."""

    def __init__(self, link: Link, cells: Cells, sizes: Ints, prices: tuple[float, ...]) -> None:
        self.client = link.client
        self.server = link.server
        self._by_node = link.routing is Routing.NODE
        self._cells = cells
        self._everywhere = int(sizes[link.server])
        self._table = _table(link.weight / int(sizes[link.client]), prices, self._everywhere)

    def prices(self, servers: Ints) -> Ints:
        """What one client on each node costs, by counts of servers per cell (rows, cells)."""
        of_node = self._cells.of_node
        host = servers[:, of_node[:, 0]]
        rack = servers[:, of_node[:, _RACK]]
        zone = servers[:, of_node[:, _ZONE]]
        near = self._table[zone]
        price: Ints = (
            host * near[..., 0] + (rack - host) * near[..., 1] + (zone - rack) * near[..., 2]
        )
        if (zone == 0).any():
            price = np.where(zone > 0, price, self._far(servers))
        if self._by_node:
            price = np.where(host > 0, self._table[1, 0], price)
        return price

    def costs(self, clients: Ints, servers: Ints) -> Ints:
        """What the link costs, by counts of clients per node and of servers per cell."""
        found: Ints = (clients * self.prices(servers)).sum(axis=-1)
        return found

    def _far(self, servers: Ints) -> Ints:
        """The price of clients that have no server in their zone and so use all."""
        region = servers[:, self._cells.of_node[:, _REGION]]
        pair = self._table[self._everywhere]
        everywhere = servers[:, self._cells.slice(0)].sum(axis=-1, keepdims=True)
        price: Ints = region * pair[3] + (everywhere - region) * pair[4]
        return price


def _table(weight: float, prices: tuple[float, ...], servers: int) -> Ints:
    """The price of a pair by pool size (0 to all servers) and tier."""
    rows = [[0] * len(TIERS)]
    rows += [[round(weight * price / size) for price in prices] for size in range(1, servers + 1)]
    return np.array(rows, dtype=np.int64)
