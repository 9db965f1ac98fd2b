"""The one door to METIS (Karypis and Kumar, 1998), by pymetis: a graph into parts of given sizes.

Optional: where it is missing the search begins from today's placement alone.
"""

from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve import runs
from shorthaul.solve.kernels import library
from shorthaul.solve.problems import Ints

Floats = NDArray[np.float64]
LARGEST_WEIGHT = 10**8
MOST_UNEVEN = 16


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Vertices with sizes, and edges (one direction each) with weights."""

    sizes: Ints
    heads: Ints
    tails: Ints
    weights: Floats


def available() -> bool:
    """Whether METIS is here."""
    return find_spec("pymetis") is not None


def version() -> str:
    """Its name and version, or nothing."""
    return f"+pymetis/{metadata.version('pymetis')}" if available() else ""


def split(graph: Graph, shares: Floats, seed: int) -> Ints:
    """The part of each vertex; parts get about their share of all sizes, tiny ones nothing.

    METIS prints to standard output where a part would stay empty, so it is not asked for parts of
    a few vertices each. It draws from the C library's one generator; pymetis keeps the interpreter
    while it works, so that threads do not mix their draws.
    """
    import pymetis

    large = np.flatnonzero(shares >= shares.max() / MOST_UNEVEN)
    if len(large) < len(shares):
        return large[split(graph, shares[large], seed)]
    number = len(shares)
    if number == 1 or len(graph.sizes) == 0:
        return np.zeros(len(graph.sizes), dtype=np.int64)
    if len(graph.sizes) <= number:
        return np.arange(len(graph.sizes), dtype=np.int64)
    smallest = graph.sizes.sum() * shares.min() / shares.sum()
    few = 8 if graph.sizes.max() * 2 > smallest else 3
    if len(graph.sizes) < few * number:
        return _dealt(graph, shares)
    first, neighbours, weights = _rows(graph)
    options = pymetis.Options(seed=seed % 2**31, ufactor=30 if number < 30 else 60)
    _, parts = pymetis.part_graph(
        number,
        pymetis.CSRAdjacency(first, neighbours),
        vweights=np.maximum(1, graph.sizes).astype(np.int32),
        eweights=weights,
        tpwgts=(shares / shares.sum()).tolist(),
        recursive=number <= 8,
        options=options,
    )
    return np.asarray(parts, dtype=np.int64)


def _dealt(graph: Graph, shares: Floats) -> Ints:
    """Each vertex, the largest first, to the part that it talks to most of those with room left."""
    left = shares / shares.sum() * max(1, int(graph.sizes.sum()))
    order = np.argsort(-graph.sizes, kind="stable")
    return library.deal(order, np.ascontiguousarray(graph.sizes), _rows(graph), left)


def _rows(graph: Graph) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Both directions of each edge, by their head; parallel edges are added up."""
    number = len(graph.sizes)
    heads = np.concatenate([graph.heads, graph.tails])
    tails = np.concatenate([graph.tails, graph.heads])
    weights = np.concatenate([graph.weights, graph.weights])
    keys = heads * number + tails
    order = np.argsort(keys, kind="stable")
    keys, weights = keys[order], weights[order]
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    keys = keys[begins]
    summed = np.add.reduceat(weights, begins) if len(keys) else weights
    scale = LARGEST_WEIGHT / max(float(summed.max(initial=0.0)), 1e-300)
    first = runs.starts(keys, number, number)
    return (
        first.astype(np.int32),
        (keys % max(1, number)).astype(np.int32),
        np.maximum(1, np.rint(summed * scale)).astype(np.int32),
    )
