"""Places pods as the default scheduler does: the least allocated node, replicas spread out.

Each pod looks at a tenth of the nodes (at least a hundred) from a drawn first one, as the scheduler
samples large clusters, and at all of them when none of those will do. Pods that few nodes can take
come first, so that a world that can be filled is filled. Compiled loops take named tuples of
arrays: the compiler knows no dataclasses.
"""

from typing import NamedTuple

import numpy as np

from benchmarks.compilation import compiled
from benchmarks.worlds import Bools
from shorthaul.errors import BadInput
from shorthaul.solve.problems import Ints

LEAST_SAMPLED = 100
SAMPLED_SHARE = 10
NODE_SPREAD = 80.0
ZONE_SPREAD = 60.0


class Unplaceable(BadInput):
    """Not every pod of a drawn world found a node."""


class Wanted(NamedTuple):
    """What is to be placed and where it may be, as arrays per service and per node."""

    sizes: Ints
    requests: Ints
    room: Ints
    zones: Ints
    classes: Ints
    open: Bools
    most_per_node: Ints
    most_per_zone: Ints


class _Held(NamedTuple):
    """What the nodes have left, and what they and the zones hold of the service at hand."""

    free: Ints
    on_node: Ints
    in_zone: Ints


def place(random: np.random.Generator, wanted: Wanted) -> Ints:
    """The node of every pod; raises Unplaceable."""
    wide = np.all(wanted.open, axis=1, keepdims=True)[wanted.classes, 0]
    apart = (wanted.most_per_node == 1).astype(np.int64)
    order = np.lexsort((-wanted.requests[:, 0], -apart, wide))
    nodes = len(wanted.zones)
    firsts = random.integers(nodes, size=int(wanted.sizes.sum()))
    by_node = wanted._replace(room=wanted.room.T.copy())
    found: Ints = _place_all(order, firsts, _stride(nodes), by_node)
    missing = int((found < 0).sum())
    if missing:
        raise Unplaceable(f"{missing} of {len(found)} pods found no node; draw another seed")
    return found


def _stride(nodes: int) -> int:
    """A step that visits every node once, in a scattered order."""
    step = max(1, int(nodes * 0.6180339887))
    while np.gcd(step, nodes) != 1:
        step += 1
    return step


@compiled
def _fits(service: int, node: int, wanted: Wanted, held: _Held) -> bool:
    if not wanted.open[wanted.classes[service], node]:
        return False
    if held.on_node[node] >= wanted.most_per_node[service]:
        return False
    if held.in_zone[wanted.zones[node]] >= wanted.most_per_zone[service]:
        return False
    for kind in range(wanted.requests.shape[1]):
        if held.free[node, kind] < wanted.requests[service, kind]:
            return False
    return True


@compiled
def _score(service: int, node: int, wanted: Wanted, held: _Held) -> float:
    left = 0.0
    for kind in range(2):
        after = held.free[node, kind] - wanted.requests[service, kind]
        left += 50.0 * after / wanted.room[node, kind]
    share = held.in_zone[wanted.zones[node]] * len(held.in_zone) / max(1, wanted.sizes[service])
    score: float = left - NODE_SPREAD * held.on_node[node] - ZONE_SPREAD * share
    return score


@compiled
def _best(service: int, first: int, stride: int, wanted: Wanted, held: _Held) -> int:
    nodes = len(wanted.zones)
    most = max(LEAST_SAMPLED, nodes // SAMPLED_SHARE)
    best, best_score, seen = -1, -1e300, 0
    node = first
    for _ in range(nodes):
        node = (node + stride) % nodes
        if _fits(service, node, wanted, held):
            score = _score(service, node, wanted, held)
            if score > best_score:
                best, best_score = node, score
            seen += 1
            if seen >= most:
                break
    return best


@compiled
def _place_all(order: Ints, firsts: Ints, stride: int, wanted: Wanted) -> Ints:
    ends = np.cumsum(wanted.sizes)
    found = np.full(ends[-1], -1, np.int64)
    nodes = np.zeros(len(wanted.zones), np.int64)
    held = _Held(wanted.room.copy(), nodes, np.zeros(wanted.zones.max() + 1, np.int64))
    for service in order:
        held.on_node[:] = 0
        held.in_zone[:] = 0
        for pod in range(ends[service] - wanted.sizes[service], ends[service]):
            node = _best(service, firsts[pod], stride, wanted, held)
            if node >= 0:
                found[pod] = node
                held.on_node[node] += 1
                held.in_zone[wanted.zones[node]] += 1
                held.free[node] -= wanted.requests[service]
    return found
