"""Traffic between namespaces attracts only where both sides said so, however it is written down."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.plan import consents
from shorthaul.traffic.graphs import Edge, PodEdge, TrafficGraph
from shorthaul.traffic.pod_edges import PodEdges, pod_edges
from shorthaul.units import Namespace, Unit
from worlds import builders

NAMESPACES = tuple(map(Namespace, ("kube-system", "mail", "shop")))
PODS = tuple(f"{namespace}/{name}-1" for namespace in NAMESPACES for name in ("a", "b", "gone"))
SNAPSHOT = builders.cluster(
    builders.nodes(1), [builders.pod(name, on="n1") for name in PODS if "gone" not in name]
)
CONSENTS = st.none() | st.frozensets(st.sampled_from(NAMESPACES)).map(frozenset)


@st.composite
def rules(draw):
    """Of any workloads, and of all others; a pod that is not there any more has the latter."""
    named = draw(st.dictionaries(st.sampled_from(sorted(SNAPSHOT.workloads)), CONSENTS))
    return Rules(
        WorkloadRules(attracted_by=draw(CONSENTS)),
        {workload: WorkloadRules(attracted_by=allowed) for workload, allowed in named.items()},
    )


@st.composite
def seen(draw):
    """Edges between any two pods, each other than the rest."""
    ends = st.tuples(st.sampled_from(PODS), st.sampled_from(PODS))
    return [
        PodEdge(builders.reference(client), builders.reference(server), number + 1.0, 0.5, both)
        for number, ((client, server), both) in enumerate(
            draw(st.lists(st.tuples(ends, st.booleans()), max_size=20, unique_by=lambda e: e[0]))
        )
    ]


def graph(pairs, edges=()):
    return TrafficGraph(Unit.FLOWS, edges=tuple(edges), pod_edges=pairs, seconds=60.0)


@settings(deadline=None, max_examples=200)
@given(seen(), rules())
def test_of_edges_in_columns_the_same_attract_as_of_edges_one_by_one(pairs, asked):
    columns = pod_edges(pairs)

    kept = consents.attracting(graph(columns), SNAPSHOT, asked).pod_edges

    assert isinstance(kept, PodEdges)
    assert list(kept) == list(consents.consented(tuple(columns), SNAPSHOT, asked))


@pytest.fixture
def pairs():
    """Of a shop that asks for names and is asked by mail, beside what it asks itself."""
    ends = ("shop/b-1", "kube-system/a-1"), ("shop/a-1", "shop/b-1"), ("mail/a-1", "shop/a-1")
    return tuple(
        PodEdge(builders.reference(client), builders.reference(server), 1.0, 0.0)
        for client, server in ends
    )


def attracting(pairs, **allowed):
    """Whose traffic with whom attracts where these workloads allow these namespaces only."""
    named = {
        builders.workload_reference(name.replace("__", "/")): WorkloadRules(
            attracted_by=frozenset(namespaces)
        )
        for name, namespaces in allowed.items()
    }
    asked = Rules(WorkloadRules(attracted_by=frozenset()), named)
    edges = [
        Edge(SNAPSHOT.workload_of(each.client), SNAPSHOT.workload_of(each.server), 1.0, 0.0)
        for each in pairs
    ]
    found = [
        consents.attracting(graph(shape, edges), SNAPSHOT, asked)
        for shape in (pairs, pod_edges(pairs))
    ]
    [kept] = {
        tuple(sorted((each.client.namespace, each.server.namespace) for each in told))
        for one in found
        for told in (one.edges, one.pod_edges)
    }
    return kept


def test_without_consent_only_what_is_within_a_namespace_attracts(pairs):
    assert attracting(pairs) == (("shop", "shop"),)


def test_the_consent_of_one_end_is_not_enough(pairs):
    assert attracting(pairs, shop__a=["mail"]) == (("shop", "shop"),)
    assert attracting(pairs, mail__a=["shop"]) == (("shop", "shop"),)


def test_with_the_consent_of_both_ends_traffic_between_namespaces_attracts(pairs):
    both = attracting(pairs, shop__a=["mail"], mail__a=["shop"])

    assert both == (("mail", "shop"), ("shop", "shop"))


def test_nothing_else_of_a_map_is_changed(pairs):
    whole = replace(graph(pairs), end_seconds=60.0)

    assert consents.attracting(whole, SNAPSHOT, Rules()) == whole
