"""What a Service really does with its clients' traffic, and so what co-location is worth.

An edge of the traffic map becomes a `RoutedEdge`: the same ends and rate, and how the server's
side is chosen. A server behind a headless Service is pinned: its ends are single pods.
"""

from dataclasses import dataclass

from shorthaul.traffic.graphs import Vertex
from shorthaul.units import Routing


@dataclass(frozen=True, slots=True)
class RoutedEdge:
    """Traffic between two vertices and the routing that spreads it; `rate` is both directions.

    A client workload's replicas each send the same share. UNIFORM: every server replica gets the
    same share of each. ZONE: a client's share goes to the server's replicas in its zone, to all
    when there are none. NODE: to those on its node, else in its zone, else to all. LOCAL: as near
    as fair shares of load allow (minimum of shares, tier by tier).
    """

    client: Vertex
    server: Vertex
    rate: float
    routing: Routing
