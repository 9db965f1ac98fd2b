"""The reference cost: what a placement costs, edge by edge and pod by pod, slow and obvious.

It is the definition that every fast path has to agree with (STYLE: the checker before the solver),
and every number that people see comes from here. Pods are weighed by the node that they are on, so
equal places are counted once; nothing else is clever. It assumes nothing of how a placement was
found. An edge with an end that has no placed pod carries no traffic that could be priced: it is
left out of cost and shares alike, see `priced`.

Which servers a client uses, per routing of the edge (kube-proxy 1.36 `topologyModeFromHints` and
the EndpointSlice controller's `trafficdist`, read in their source):

- uniform: all servers alike.
- zone (PreferSameZone): those in the client's zone, all alike, whatever their host or rack; but all
  servers when there are none there, when the client's node has no zone, or when any server stands
  on a node without a zone: that endpoint gets no hint, and hints that are not complete are ignored.
- node (PreferSameNode): those on the client's own node if there are any (each endpoint has its
  node as a hint, zones or not); otherwise as for zone.
- local: no proxy's rule but the most that fair shares of load allow, tier by tier.

A node's zone is its group at the zone tier of `Distances`. kube-proxy knows the standard label
only; a Topology that names another label for zones is taken at its word.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.solve.pricings import Pricing
from shorthaul.topology.distances import Distances
from shorthaul.traffic.graphs import Vertex
from shorthaul.units import TIERS, NodeName, PodRef, Routing, Tier, WorkloadRef

Counts = Mapping[NodeName, int]
Shares = Mapping[Tier, Fraction]


@dataclass(frozen=True, slots=True)
class Places:
    """Where each pod that can exchange traffic is, and which pods a workload has."""

    nodes: Mapping[PodRef, NodeName]
    members: Mapping[WorkloadRef, tuple[PodRef, ...]]
    _counted: dict[Vertex, Counts] = field(default_factory=dict, repr=False, compare=False)

    def counts(self, vertex: Vertex) -> Counts:
        """How many pods of a vertex each node holds."""
        if vertex not in self._counted:
            pods = (vertex,) if isinstance(vertex, PodRef) else self.members.get(vertex, ())
            self._counted[vertex] = Counter(self.nodes[pod] for pod in pods if pod in self.nodes)
        return self._counted[vertex]

    def moved(self, moves: Iterable[tuple[PodRef, NodeName]]) -> "Places":
        """The same pods with some of them elsewhere."""
        return Places({**self.nodes, **dict(moves)}, self.members)


def places(snapshot: Snapshot) -> Places:
    """Today's places: pods that run, or will, on a node that exists, and are not going away."""
    nodes: dict[PodRef, NodeName] = {}
    members: dict[WorkloadRef, list[PodRef]] = {}
    for ref, pod in sorted(snapshot.pods.items()):
        if pod.node in snapshot.nodes and pod.node and pod.active and not pod.terminating:
            nodes[ref] = pod.node
            members.setdefault(pod.workload, []).append(ref)
    return Places(nodes, {workload: tuple(pods) for workload, pods in members.items()})


def priced(edges: Iterable[RoutedEdge], where: Places) -> tuple[RoutedEdge, ...]:
    """The edges that have a rate and a placed pod at both ends."""
    return tuple(
        edge
        for edge in edges
        if edge.rate > 0 and where.counts(edge.client) and where.counts(edge.server)
    )


def cost(
    edges: Iterable[RoutedEdge], where: Places, distances: Distances, pricing: Pricing
) -> float:
    """What all traffic costs in the unit of the pricing."""
    return math.fsum(edge_cost(edge, where, distances, pricing) for edge in priced(edges, where))


def edge_cost(edge: RoutedEdge, where: Places, distances: Distances, pricing: Pricing) -> float:
    """What the traffic of one edge costs."""
    shares = edge_shares(edge, where, distances)
    return shares_cost(edge, shares, pricing)


def shares_cost(edge: RoutedEdge, shares: Shares, pricing: Pricing) -> float:
    """What an edge costs with its traffic divided so."""
    prices = zip(TIERS, pricing.of(edge), strict=True)
    return math.fsum(edge.rate * float(shares[tier]) * price for tier, price in prices)


def locality(
    edges: Iterable[RoutedEdge], where: Places, distances: Distances
) -> Mapping[Tier, float]:
    """Shares of all traffic by the smallest tier that both ends share; 1 in all, or no traffic."""
    kept = priced(edges, where)
    total = math.fsum(edge.rate for edge in kept)
    if total <= 0:
        return dict.fromkeys(TIERS, 0.0)
    found = [(edge.rate, edge_shares(edge, where, distances)) for edge in kept]
    return {
        tier: math.fsum(rate * float(shares[tier]) for rate, shares in found) / total
        for tier in TIERS
    }


def edge_shares(edge: RoutedEdge, where: Places, distances: Distances) -> Shares:
    """How an edge's traffic divides over the tiers; the shares sum to exactly 1."""
    return divided(edge.routing, where.counts(edge.client), where.counts(edge.server), distances)


def divided(routing: Routing, clients: Counts, servers: Counts, distances: Distances) -> Shares:
    """The same from counts: `spread` summed by tier, without going through all pairs of nodes.

    Places nest, so what stays within a tier is the sum over its places: of products of shares for
    traffic that is spread evenly, of the smaller shares for local traffic.
    """
    size, total = sum(clients.values()), dict.fromkeys(TIERS, Fraction(0))
    for group, chosen in parts(routing, clients, servers, distances):
        if len(group) == 1 and group.keys() == chosen.keys():
            total[Tier.HOST] += Fraction(sum(group.values()), size)
            continue
        pairs = size * sum(chosen.values())
        nearer = 0
        for tier in TIERS:
            kept = _within(tier, routing, (group, chosen), distances)
            total[tier] += Fraction(kept - nearer, pairs)
            nearer = kept
    return total


def parts(
    routing: Routing, clients: Counts, servers: Counts, distances: Distances
) -> Iterator[tuple[Counts, Counts]]:
    """Clients that have the same servers to choose from, and those servers."""
    if routing in (Routing.UNIFORM, Routing.LOCAL):
        yield clients, servers
        return
    rest: dict[tuple[str | None, NodeName | None], dict[NodeName, int]] = {}
    for node, count in clients.items():
        own = node if routing is Routing.NODE and node in servers else None
        zone = None if own else distances.groups[node].get(Tier.ZONE)
        rest.setdefault((zone, own), {})[node] = count
    for group in rest.values():
        yield group, _chosen(routing, next(iter(group)), servers, distances)


def _within(tier: Tier, routing: Routing, ends: tuple[Counts, Counts], distances: Distances) -> int:
    """How much of what clients send to servers stays within a tier or nearer, in pairs of pods."""
    clients, servers = ends
    size, other_size = sum(clients.values()), sum(servers.values())
    if tier is Tier.BEYOND:
        return size * other_size
    ours, theirs = _placed(clients, tier, distances), _placed(servers, tier, distances)
    both = ours.keys() & theirs.keys()
    if routing is Routing.LOCAL:
        return sum(min(ours[place] * other_size, theirs[place] * size) for place in both)
    return sum(ours[place] * theirs[place] for place in both)


def _placed(counts: Counts, tier: Tier, distances: Distances) -> Mapping[object, int]:
    if tier is Tier.HOST:
        return dict[object, int](counts.items())
    found: dict[object, int] = {}
    for node, count in counts.items():
        place = distances.place(node, tier)
        found[place] = found.get(place, 0) + count
    return found


def spread(
    edge: RoutedEdge, where: Places, distances: Distances
) -> Iterator[tuple[NodeName, NodeName, Fraction]]:
    """How an edge's traffic divides over pairs of a client's and a server's node; sums to 1."""
    clients, servers = where.counts(edge.client), where.counts(edge.server)
    if edge.routing is Routing.LOCAL:
        yield from _transported(clients, servers, distances)
        return
    replicas = sum(clients.values())
    for node, count in clients.items():
        chosen = _chosen(edge.routing, node, servers, distances)
        size = sum(chosen.values())
        for server, weight in chosen.items():
            yield node, server, Fraction(count * weight, replicas * size)


def _chosen(routing: Routing, node: NodeName, servers: Counts, distances: Distances) -> Counts:
    """The servers among which a client on a node has its traffic spread evenly."""
    if routing is Routing.NODE and node in servers:
        return {node: servers[node]}
    if routing in (Routing.NODE, Routing.ZONE):
        return _in_zone(node, servers, distances) or servers
    return servers


def _in_zone(node: NodeName, servers: Counts, distances: Distances) -> Counts:
    """The servers of a client's zone; none when some server's zone is not known."""
    zones = {server: distances.groups[server].get(Tier.ZONE) for server in servers}
    if None in zones.values():
        return {}
    own = distances.groups[node].get(Tier.ZONE)
    return {server: count for server, count in servers.items() if zones[server] == own}


def _transported(
    clients: Counts, servers: Counts, distances: Distances
) -> Iterator[tuple[NodeName, NodeName, Fraction]]:
    """Keeps at each tier in turn, nearest first, what both ends' remaining shares allow."""
    supply = {node: Fraction(count, sum(clients.values())) for node, count in clients.items()}
    demand = {node: Fraction(count, sum(servers.values())) for node, count in servers.items()}
    for tier in TIERS:
        for node, other in product(clients, servers):
            if distances.tier(node, other) is tier:
                amount = min(supply[node], demand[other])
                supply[node] -= amount
                demand[other] -= amount
                if amount:
                    yield node, other, amount
