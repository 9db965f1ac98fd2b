"""Who saw an edge: whether both of its ends' nodes reported it.

A node's observer can only be believed about traffic that arrived at its own pods. So a pair of
pods is both-ended when requests were seen at the server's node and replies at the client's node;
on one node, one observer sees both. Where the directory does not know a pod's node, the node
whose observer saw traffic arrive at it stands in.
"""

from collections.abc import Iterator

import numpy as np

from shorthaul.traffic.identities import Directory
from shorthaul.traffic.node_sets import Nodes, NodeSets, Sets, Truths
from shorthaul.traffic.pair_sums import PairSums, ends_of, keys_of
from shorthaul.units import NodeName, PodRef

_UNNAMED = frozenset({NodeName("")})


def both_ended(pairs: PairSums, directory: Directory | None) -> Truths:
    """Pair by pair, whether observers at both ends, as far as there are two, saw its traffic."""
    nodes = NodeSets(pairs.nodes)
    numbers = nodes.numbers(pairs.nodes)
    forward, backward = numbers[pairs.forward_nodes], numbers[pairs.backward_nodes]
    there = _nodes(pairs, directory, nodes)
    clients, servers = there[pairs.clients], there[pairs.servers]
    shared = nodes.intersection(clients, servers)
    apart = nodes.meet(servers, forward) & nodes.meet(clients, backward)
    together = nodes.meet(shared, forward) | nodes.meet(shared, backward)
    found: Truths = np.where(shared != 0, together, apart)
    return found


def _nodes(pairs: PairSums, directory: Directory | None, nodes: NodeSets) -> Sets:
    """Pod by pod, the set of the nodes that it is on."""
    found = np.zeros(len(pairs.pods), np.int32)
    seen: dict[int, set[NodeName]] = {}
    for pod in pairs.there:
        node = _known_node(pairs.pods[pod], directory)
        if node is None:
            seen[pod] = set()
        else:
            found[pod] = nodes.number(frozenset({node}))
    if not seen:
        return found
    for pod, arrived in _arrivals(pairs):
        if pod in seen:
            seen[pod] |= arrived - _UNNAMED
    for pod, told in seen.items():
        found[pod] = nodes.number(frozenset(told))
    return found


def _known_node(pod: PodRef, directory: Directory | None) -> NodeName | None:
    identity = directory.pods.get(pod) if directory else None
    return None if identity is None else identity.node


def _arrivals(pairs: PairSums) -> Iterator[tuple[int, Nodes]]:
    """Each pod with the nodes that saw traffic arrive at it; one may come several times."""
    requests = keys_of(pairs.servers, pairs.forward_nodes)
    replies = keys_of(pairs.clients, pairs.backward_nodes)
    pods, seen = ends_of(np.unique(np.concatenate((requests, replies))))
    for pod, number in zip(pods.tolist(), seen.tolist(), strict=True):
        yield pod, pairs.nodes[number]
