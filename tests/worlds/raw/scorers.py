"""What a placement costs and how near its traffic stays, pod by pod, from raw files alone.

Nothing of `shorthaul` is imported: this is the scorer of somebody who has read DESIGN §5 and §8
only. Traffic is folded into edges between workloads, client first, with the sum of both ways for
their rate; where a server's pods are addressed singly, the edge ends at that pod. Then every client
replica sends the same share, to the servers that its routing lets it choose from, all alike:

- uniform: all;
- zone (PreferSameZone): those in the client's zone; all where there are none, where the client's
  zone is not known, or where a server's node has no zone (hints are then not complete);
- node (PreferSameNode): those on the client's node; else as for zone;
- local (`--routing local`): the sum over groups of min(share of a, share of b), tier by tier.

DESIGN says so of local; for the rest it names Kubernetes' fields, and what kube-proxy makes of
nodes without a zone is taken from the tree's documents. An edge one end of which has no pod on a
node carries nothing that could be priced and is in no share.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum

from worlds.raw.dumps import DISTANCES, TIERS, Dump, active
from worlds.raw.lines import End, Traffic
from worlds.raw.routings import SINGLY, routing_of, selecting


@dataclass(frozen=True)
class Edge:
    """Traffic from a client to a server (workloads or single pods), and how it is spread."""

    client: End
    server: End
    rate: float
    routing: str


@dataclass(frozen=True)
class Score:
    """The cost of a placement, and the share of all traffic by tier."""

    cost: float
    shares: dict[str, float]


def fold(dump: Dump, traffic: Traffic, override: str | None = None) -> list[Edge]:
    """The edges between workloads as their Services route them, or all in one way."""
    rates: dict[tuple[End, End], float] = {}
    pods: dict[tuple[End, End], dict[tuple[End, End], float]] = {}
    for (client, server), rate in traffic.rates.items():
        ends = dump.workload(client, traffic.named), dump.workload(server, traffic.named)
        if None in ends or (client == server and client[1] == "Pod"):
            continue
        rates[ends] = rates.get(ends, 0.0) + rate
        if client in dump.pods and server in dump.pods:
            pods.setdefault(ends, {})[client, server] = rate
    edges = []
    for (client, server), rate in rates.items():
        to_server = {
            pair: each
            for ends, some in pods.items()
            if ends[1] == server
            for pair, each in some.items()
        }
        routing = override or routing_of(server, dump, traffic, to_server)
        if routing == SINGLY:
            edges += _singly(client, server, rate, pods.get((client, server), {}), dump)
        else:
            edges.append(Edge(client, server, rate, routing))
    return edges


def _singly(
    client: End, server: End, rate: float, pods: dict[tuple[End, End], float], dump: Dump
) -> list[Edge]:
    """One edge per server pod; per client pod too, where those have names of their own."""
    headless = [one for one in selecting(client, dump) if one["spec"].get("clusterIP") == "None"]
    apart = client[1] == "StatefulSet" and bool(headless)
    there = {pair: part for pair, part in pods.items() if all(active(dump.pods[e]) for e in pair)}
    edges = [
        Edge(pair[0] if apart else client, pair[1], part, "uniform") for pair, part in there.items()
    ]
    rest = rate - fsum(there.values())
    return [*edges, Edge(client, server, rest, "uniform")] if rest > 1e-9 * rate else edges


def score(edges: list[Edge], dump: Dump, places: dict[End, str]) -> Score:
    """What a placement costs."""
    parts: dict[str, list[float]] = {tier: [] for tier in TIERS}
    for edge in edges:
        clients, servers = (_nodes(end, dump, places) for end in (edge.client, edge.server))
        if clients and servers:
            divide = _locally if edge.routing == "local" else _by_choice
            for tier, share in divide(edge.routing, clients, servers, dump):
                parts[tier].append(edge.rate * share)
    sums = {tier: fsum(some) for tier, some in parts.items()}
    total = fsum(sums.values())
    cost = fsum(DISTANCES[tier] * rate for tier, rate in sums.items())
    return Score(cost, {tier: rate / total if total else 0.0 for tier, rate in sums.items()})


def _nodes(end: End, dump: Dump, places: dict[End, str]) -> list[str]:
    """The node of each of an end's pods."""
    if end in places:
        return [places[end]]
    return [node for pod, node in places.items() if dump.owners[pod] == end]


def _by_choice(
    routing: str, clients: list[str], servers: list[str], dump: Dump
) -> Iterator[tuple[str, float]]:
    for client in clients:
        chosen = _chosen(routing, client, servers, dump)
        for server in chosen:
            yield dump.tier(client, server), 1 / (len(clients) * len(chosen))


def _chosen(routing: str, client: str, servers: list[str], dump: Dump) -> list[str]:
    if routing == "node" and client in servers:
        return [client] * servers.count(client)
    zone = dump.group(client, "zone")
    zones = [dump.group(server, "zone") for server in servers]
    if routing == "uniform" or zone is None or None in zones or zone not in zones:
        return servers
    return [server for server, its in zip(servers, zones, strict=True) if its == zone]


def _locally(
    _: str, clients: list[str], servers: list[str], dump: Dump
) -> Iterator[tuple[str, float]]:
    nearer = 0.0
    for tier in TIERS:
        ours, theirs = ([_group(node, tier, dump) for node in some] for some in (clients, servers))
        kept = fsum(
            min(ours.count(group) / len(ours), theirs.count(group) / len(theirs))
            for group in set(ours)
        )
        yield tier, kept - nearer
        nearer = kept


def _group(node: str, tier: str, dump: Dump) -> tuple[str, str]:
    """What a node is part of at a tier; without the label, what it is part of nearer."""
    if tier == "beyond":
        return tier, ""
    for name in TIERS[TIERS.index(tier) : 0 : -1]:
        group = dump.group(node, name)
        if group is not None:
            return name, group
    return "host", node
