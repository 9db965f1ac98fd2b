"""Columns of edges between pods are a sequence of those edges."""

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.graphs import PodEdge
from shorthaul.traffic.pod_edges import pod_edges
from traffic.pair_draws import pods

rates = st.floats(0, 1e9)
edges = st.builds(PodEdge, pods, pods, rates, rates, st.booleans())


@given(st.lists(edges, unique_by=lambda each: (each.client, each.server)))
def test_columns_are_the_sequence_of_their_edges(some):
    found = pod_edges(some)

    assert found == sorted(some, key=lambda each: (each.client, each.server))
    assert [found[row] for row in range(len(found))] == list(found)
    assert found.rates.tolist() == [each.rate for each in found]
    assert found[1:] == list(found)[1:]
    assert found != (*found, PodEdge(*(some[0].client,) * 2, 0.0, 0.0) if some else None)
