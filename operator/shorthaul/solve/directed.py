"""Links whose servers are chosen by the client's zone or node (PreferSameZone, PreferSameNode).

Their cost is no product of counts: which servers a client uses depends on whether there are any
in its zone, and on whether the zone of every server is known (`costs` has the rule). So the cost is
evaluated for whole placements, many at once: `counts` may have one row per candidate placement.
Linear in candidates x nodes.
"""

import numpy as np

from shorthaul.solve.cells import LEVELS, Cells
from shorthaul.solve.problems import Ints, Link
from shorthaul.units import TIERS, Routing


class DirectedLink:
    """One link with the price of a client-server pair by size of the chosen pool and by tier."""

    def __init__(
        self, index: int, link: Link, cells: Cells, sizes: Ints, prices: tuple[float, ...]
    ) -> None:
        self.index = index
        self.client = link.client
        self.server = link.server
        self._by_node = link.routing is Routing.NODE
        self._cells = cells
        self._bare = np.flatnonzero(~cells.zoned)
        self._everywhere = int(sizes[link.server])
        self._table = _table(link.weight / int(sizes[link.client]), prices, self._everywhere)
        self._host_price = self._table[0, 1]

    def prices(self, servers: Ints, nodes: Ints) -> Ints:
        """What one client on each of some nodes costs, by servers per cell (rows, cells)."""
        of_node = self._cells.of_node[nodes]
        host, rack, zone, region = (servers[:, of_node[:, level]] for level in range(LEVELS))
        near = zone > 0
        if self._bare.size:
            near &= ~np.isin(nodes, self._bare)
            near &= ~servers[:, self._bare].any(axis=1, keepdims=True)
        price = self._near(host, rack, zone)
        if not near.all():
            price = np.where(near, price, self._far(servers, (host, rack, zone, region)))
        if self._by_node:
            price = np.where(host > 0, self._host_price, price)
        return price

    def costs(self, clients: Ints, servers: Ints) -> Ints:
        """What the link costs, by clients per node (one row, or many) and servers per cell."""
        nodes = np.flatnonzero(clients.any(axis=0))
        found: Ints = (clients[:, nodes] * self.prices(servers, nodes)).sum(axis=-1)
        return found

    def _near(self, host: Ints, rack: Ints, zone: Ints) -> Ints:
        """The price of clients with servers in their zone, spread over these."""
        price: Ints = host * self._table[0, zone]
        price += (rack - host) * self._table[1, zone]
        price += (zone - rack) * self._table[2, zone]
        return price

    def _far(self, servers: Ints, within: tuple[Ints, ...]) -> Ints:
        """The price of clients that use all servers, wherever these are."""
        everywhere = servers[:, self._cells.slice(0)].sum(axis=-1, keepdims=True)
        pair = self._table[:, self._everywhere]
        price: Ints = everywhere * pair[LEVELS]
        for level, inside in enumerate(within):
            price = price + inside * (pair[level] - pair[level + 1])
        return price


def _table(weight: float, prices: tuple[float, ...], servers: int) -> Ints:
    """The price of a pair by tier and pool size (0 to all servers)."""
    rows = [[0] * len(TIERS)]
    rows += [[round(weight * price / size) for price in prices] for size in range(1, servers + 1)]
    return np.array(rows, dtype=np.int64).T.copy()
