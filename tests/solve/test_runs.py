"""Runs told by arrays are those that a loop over them gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.solve import runs

SIZES = st.lists(st.integers(0, 5), max_size=8)


def array(values):
    return np.array(values, dtype=np.int64)


@given(SIZES)
def test_each_place_knows_its_run_and_its_rank_there(sizes):
    expected = [(run, rank) for run, size in enumerate(sizes) for rank in range(size)]
    found = zip(runs.owners(array(sizes)), runs.ranks(array(sizes)), strict=True)

    assert list(found) == expected


@given(SIZES)
def test_a_run_begins_where_those_before_it_end(sizes):
    assert runs.begins(array(sizes)).tolist() == [sum(sizes[:at]) for at in range(len(sizes) + 1)]


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 4)), max_size=8))
def test_spans_count_on_from_their_firsts(spans):
    expected = [number for first, size in spans for number in range(first, first + size)]
    firsts, sizes = array([first for first, _ in spans]), array([size for _, size in spans])

    assert runs.spans(firsts, sizes).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=12))
def test_owners_find_where_their_keys_start(pairs):
    keys = sorted(owner * 3 + rest for owner, rest in pairs)
    expected = [sum(owner < at for owner, _ in pairs) for at in range(7)]

    assert runs.starts(array(keys), 6, 3).tolist() == expected
