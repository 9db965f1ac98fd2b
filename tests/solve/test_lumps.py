"""Chunks are whole pods of their lumps, and their edges carry the traffic that meets in a cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.solve.lumps import Lumps, Pairs, chunks


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(1, 200), min_size=2, max_size=6),
    st.integers(0, 1),
    st.sampled_from([1.0, 40.0, 5000.0]),
)
def test_chunks_add_up_to_their_lumps_and_edges_to_the_traffic(counts, even, room):
    groups = np.arange(len(counts))
    lumps = Lumps(np.zeros(len(counts), dtype=np.int64), groups, np.array(counts))
    talk = Pairs(
        groups[:-1], groups[1:], np.arange(1.0, len(counts)), np.full(len(groups) - 1, even)
    )
    found = chunks(lumps, talk, np.ones(len(counts), dtype=np.int64), np.array([room]))

    assert np.bincount(found.lump, weights=found.counts).tolist() == counts
    assert (found.counts > 0).all()
    assert found.graph.weights.sum() == pytest.approx(talk.weights.sum())


def test_lumps_in_different_cells_do_not_meet():
    lumps = Lumps(np.array([0, 1]), np.array([0, 1]), np.array([3, 3]))
    talk = Pairs(np.array([0]), np.array([1]), np.array([5.0]), np.array([1]))
    found = chunks(lumps, talk, np.array([1, 1]), np.array([9.0, 9.0]))

    assert len(found.graph.weights) == 0
