"""METIS divides a graph as it is asked to, and the same way each time."""

import ctypes

import numpy as np
import pytest

from shorthaul.solve.partitions import Graph, split, version

pymetis = pytest.importorskip("pymetis")


def cliques(number, size):
    """Cliques that are not joined."""
    pairs = [
        (k * size + i, k * size + j) for k in range(number) for i in range(size) for j in range(i)
    ]
    heads, tails = np.array(pairs, dtype=np.int64).T
    sizes = np.ones(number * size, dtype=np.int64)
    return Graph(sizes, heads, tails, np.full(len(pairs), 2.5))


def test_cliques_are_not_cut():
    parts = split(cliques(4, 6), np.ones(4), 1).reshape(4, 6)

    assert (parts == parts[:, :1]).all()
    assert len(set(parts[:, 0].tolist())) == 4


def test_parts_get_about_their_shares():
    parts = split(cliques(40, 3), np.array([1.0, 3.0]), 1)

    assert 80 <= np.bincount(parts)[1] <= 100


def test_the_same_seed_divides_the_same_way():
    graph = cliques(10, 5)

    assert split(graph, np.ones(3), 7).tolist() == split(graph, np.ones(3), 7).tolist()


@pytest.mark.parametrize("vertices", [0, 1, 2])
def test_fewer_vertices_than_parts_get_one_each(vertices):
    none = np.zeros(0, dtype=np.int64)
    graph = Graph(np.ones(vertices, dtype=np.int64), none, none, np.zeros(0))

    assert split(graph, np.ones(2), 0).tolist() == list(range(vertices))


def test_a_graph_without_edges_is_divided_by_size_alone():
    none = np.zeros(0, dtype=np.int64)
    graph = Graph(np.ones(10, dtype=np.int64), none, none, np.zeros(0))

    assert np.bincount(split(graph, np.ones(2), 0)).tolist() == [5, 5]


def test_tiny_parts_get_nothing():
    parts = split(cliques(10, 5), np.array([1.0, 1e-9, 1.0, 1e-9]), 1)

    assert set(parts.tolist()) == {0, 2}


def test_nothing_is_ever_printed(capfd):
    for seed in range(400):
        random = np.random.default_rng(seed)
        number, size = int(random.integers(2, 12)), int(random.integers(1, 120))
        edges = random.integers(0, size, (2, int(random.integers(0, 3 * size))))
        sizes = random.integers(1, int(random.choice([2, 10, 1000])), size)
        shares = random.choice([1e-9, 0.2, 1.0, 1.0, 5.0], number)
        parts = split(Graph(sizes, *edges, random.random(edges.shape[1])), shares, seed)
        assert ((parts >= 0) & (parts < number)).all()
    ctypes.CDLL(None).fflush(None)

    assert capfd.readouterr() == ("", "")


def test_its_version_is_told():
    assert version().startswith("+pymetis/")
