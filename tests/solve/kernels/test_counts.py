"""Counting pods, and how two placements differ, as the plain ways do it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.solve.kernels import library
from shorthaul.solve.sparse_counts import from_pods

pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")

NODES = 9
ROWS = st.lists(st.lists(st.integers(0, NODES - 1), max_size=40), max_size=8)


def counted(rows):
    first = np.cumsum([0, *map(len, rows)])
    places = np.array([node for row in rows for node in row], dtype=np.int32)
    return library.count_pods(first, places, NODES)


@settings(deadline=None)
@given(ROWS)
def test_pods_are_counted_as_numpy_counts_them(rows):
    owners = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    nodes = np.array([node for row in rows for node in row], dtype=np.int64)
    found, plain = counted(rows), from_pods(owners, nodes, len(rows), NODES)

    assert found.same(plain)
    assert found.width == plain.width


@settings(deadline=None)
@given(ROWS, st.data())
def test_from_one_placement_to_another_go_the_fewest_pods(rows, data):
    elsewhere = [
        data.draw(st.lists(st.integers(0, NODES - 1), min_size=len(row), max_size=len(row)))
        if data.draw(st.booleans())
        else row
        for row in rows
    ]
    one, other = counted(rows), counted(elsewhere)
    pods, nodes = library.apart(one, other)
    places = [node for row in rows for node in sorted(row)]
    for pod, node in zip(pods.tolist(), nodes.tolist(), strict=True):
        assert places[pod] != node
        places[pod] = node
    ends = np.cumsum([0, *map(len, rows)]).tolist()
    reached = [places[ends[row] : ends[row + 1]] for row in range(len(rows))]

    assert counted(reached).same(other)
    assert len(set(pods.tolist())) == len(pods) == other.left_from(one)
