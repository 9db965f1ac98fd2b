"""Puts the blocks of a flat partition on nodes: zones, racks and nodes by METIS over the blocks.

Partitioners that only know a cut give as many blocks as there are nodes, but not which is which.
Blocks that exchange most go near each other; every group of nodes gets exactly as many blocks as
it has nodes.
"""

import numpy as np

from benchmarks.peers import metis
from benchmarks.pod_graphs import LARGEST_EDGE, PodGraph
from benchmarks.views import View
from shorthaul.solve.problems import Ints


def mapped(graph: PodGraph, parts: Ints, view: View, seed: int) -> Ints:
    """The wished node of every pod, from its block."""
    number = len(view.room)
    node_of = np.zeros(number, dtype=np.int64)
    blocks = _quotient(graph, parts, number)
    _descend(blocks, np.arange(number), np.arange(number), 2, (view, seed, node_of))
    found: Ints = node_of[parts]
    return found


def _quotient(graph: PodGraph, parts: Ints, number: int) -> PodGraph:
    """The graph of blocks."""
    one, other = parts[graph.ones], parts[graph.others]
    apart = one != other
    low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
    keys, inverse = np.unique(low * number + high, return_inverse=True)
    summed = np.bincount(inverse, graph.weights[apart], minlength=len(keys))
    weights = np.clip(summed / max(1.0, summed.sum() / 1e9), 1, LARGEST_EDGE).astype(np.int64)
    return PodGraph(keys // number, keys % number, weights, np.ones(number, dtype=np.int64))


def _descend(
    graph: PodGraph, blocks: Ints, nodes: Ints, level: int, given: tuple[View, int, Ints]
) -> None:
    view, seed, node_of = given
    inside = view.levels[level][nodes]
    groups, sizes = np.unique(inside, return_counts=True)
    parts = _exactly(metis.split(graph, sizes.astype(np.float64), seed), sizes)
    for index, group in enumerate(groups.tolist()):
        chosen = np.flatnonzero(parts == index)
        below = nodes[inside == group]
        if level == 1:
            node_of[blocks[chosen]] = below
        else:
            _descend(graph.within(chosen), blocks[chosen], below, level - 1, given)


def _exactly(parts: Ints, sizes: Ints) -> Ints:
    """The same parts with what is too many in one moved to where there are too few."""
    ranks = np.zeros(len(parts), dtype=np.int64)
    for index in range(len(sizes)):
        members = np.flatnonzero(parts == index)
        ranks[members] = np.arange(len(members))
    over = np.flatnonzero(ranks >= sizes[parts])
    kept = np.delete(parts, over)
    missing = sizes - np.bincount(kept, minlength=len(sizes))
    found = parts.copy()
    found[over] = np.repeat(np.arange(len(sizes)), missing)
    return found
