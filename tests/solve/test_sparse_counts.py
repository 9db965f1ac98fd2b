"""Counts without the zeros say what the table with zeros says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.solve.sparse_counts import from_dense, from_places, from_pods

SHAPES = st.tuples(st.integers(0, 5), st.integers(1, 6))


@st.composite
def tables(draw, shape=None):
    rows, width = shape or draw(SHAPES)
    cells = draw(st.lists(st.integers(0, 3), min_size=rows * width, max_size=rows * width))
    return np.array(cells, dtype=np.int64).reshape(rows, width)


@st.composite
def two_tables(draw):
    shape = draw(SHAPES)
    return draw(tables(shape)), draw(tables(shape))


@given(tables())
def test_a_table_comes_back_as_it_was(table):
    counts = from_dense(table)

    assert counts.rows == len(table)
    assert counts.dense().tolist() == table.tolist()
    assert counts.totals().tolist() == table.sum(axis=1).tolist()
    assert (counts.amounts > 0).all()


@given(tables())
def test_pods_by_place_are_the_same_counts(table):
    counts = from_dense(table)
    places = [counts.places(index).tolist() for index in range(counts.rows)]
    owners = np.repeat(np.arange(counts.rows), counts.totals())
    nodes = np.array([node for row in places for node in row], dtype=np.int64)

    assert from_places([row[::-1] for row in places], counts.width).same(counts)
    assert from_pods(owners, nodes, counts.rows, counts.width).same(counts)


@given(two_tables())
def test_net_moves_are_what_left_each_node(both):
    before, after = both
    one, other = from_dense(before), from_dense(after)

    assert other.left_from(one) == int(np.maximum(0, before - after).sum())
    assert one.left_from(one) == 0
    assert one.same(other) == (before == after).all()
