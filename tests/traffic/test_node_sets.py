"""Sets of nodes by numbers, column by column, beside Python's own sets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.node_sets import NodeSets

rows = st.lists(st.tuples(*(st.frozensets(st.sampled_from("abcd"), max_size=3),) * 2))


@given(rows)
def test_columns_of_sets_are_joined_and_intersected_row_by_row(rows):
    nodes = NodeSets()
    ones, others = (nodes.numbers(each[side] for each in rows) for side in (0, 1))

    union, shared = nodes.union(ones, others), nodes.intersection(ones, others)

    assert [nodes.sets[each] for each in union] == [one | other for one, other in rows]
    assert [nodes.sets[each] for each in shared] == [one & other for one, other in rows]
    assert nodes.meet(ones, others).tolist() == [bool(one & other) for one, other in rows]


def test_a_set_has_one_number_and_the_empty_one_has_none_before_it():
    nodes = NodeSets([frozenset("a"), frozenset(), frozenset("a")])

    assert nodes.numbers([frozenset(), frozenset("a")]).tolist() == [0, 1]
    assert np.array_equal(nodes.sets, [frozenset(), frozenset("a")])
