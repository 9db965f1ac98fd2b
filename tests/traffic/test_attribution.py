"""From pods to workloads: rates, leftovers, and who saw an edge."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.errors import BadInput
from shorthaul.traffic.attribution import ABSENT, GONE, SELF, build_graph
from shorthaul.traffic.graphs import Edge, Leftover, PodEdge
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.observations import DeclaredEdge, Observations
from shorthaul.traffic.pair_sums import PairSum, pair_sums
from shorthaul.traffic.rate_errors import counted
from shorthaul.units import NodeName, PodRef, Unit, WorkloadRef

SECOND = 10**9


def pod(name):
    return PodRef("shop", name)


def workload(name):
    return WorkloadRef("shop", "Deployment", name)


def directory(**nodes):
    """Pods by name and node; the workload is the name before the underscore."""
    return Directory(
        pods={
            pod(name): PodIdentity(workload(name.split("_")[0]), NodeName(node))
            for name, node in nodes.items()
        },
        workloads=frozenset(workload(name.split("_")[0]) for name in nodes),
    )


def pair(client, server, forward=1, backward=0, seen=((), ())):
    return PairSum(
        pod(client), pod(server), forward, backward, frozenset(seen[0]), frozenset(seen[1])
    )


def flows(*pairs, seconds=10, **more):
    return Observations(
        Unit.FLOWS,
        pairs=pair_sums(pairs),
        earliest_nanoseconds=0,
        latest_nanoseconds=seconds * SECOND,
        **more,
    )


CLUSTER = directory(web_1="n1", web_2="n2", cart_1="n2", cart_2="n3")


def test_replicas_are_summed_to_one_edge_with_a_rate_each_way():
    graph = build_graph(
        flows(pair("web_1", "cart_1", 20, 10), pair("web_2", "cart_2", 40, 0)), CLUSTER
    )

    expected = Edge(workload("web"), workload("cart"), 6.0, 1.0, False, error=counted(70, 10))
    assert graph.edges == (expected,)
    assert graph.pod_edges == (
        PodEdge(pod("web_1"), pod("cart_1"), 2.0, 1.0, False),
        PodEdge(pod("web_2"), pod("cart_2"), 4.0, 0.0, False),
    )
    assert (graph.seconds, graph.end_seconds, graph.rate) == (10, 10, 7.0)


def test_a_pod_that_is_gone_without_a_trace_has_no_weight_and_is_shown():
    graph = build_graph(flows(pair("web_1", "cart_1"), pair("web_1", "x", 7, 2)), CLUSTER)

    assert graph.leftovers == (Leftover(GONE, 9, "shop/web_1 → shop/x"),)
    assert graph.rate == 0.1


def test_a_gone_pod_of_a_known_workload_counts_but_not_for_locality():
    observations = flows(
        pair("web_1", "cart_1", 10),
        pair("web_9", "cart_1", 10),
        workloads={pod("web_9"): workload("web")},
    )

    graph = build_graph(observations, CLUSTER)

    assert graph.rate == 2.0
    assert [edge.client for edge in graph.pod_edges] == [pod("web_1")]


def test_a_pods_traffic_with_itself_is_left_out():
    graph = build_graph(flows(pair("web_1", "web_1", 3), pair("web_1", "web_2", 1)), CLUSTER)

    assert graph.leftovers == (Leftover(SELF, 3, "shop/web_1"),)
    assert [(edge.client, edge.server) for edge in graph.edges] == [
        (workload("web"), workload("web"))
    ]


def test_flows_of_another_cluster_are_refused_with_an_example():
    with pytest.raises(BadInput) as refused:
        build_graph(flows(pair("a", "b", 2), pair("c", "d", 3)), CLUSTER)

    assert str(refused.value) == (
        "none of 5 flows are between pods of this cluster (first: shop/a → shop/b); "
        "are the two from the same cluster?"
    )


def test_flows_without_any_traffic_between_pods_are_not_taken_for_another_clusters():
    assert build_graph(flows(), CLUSTER).edges == ()


def declared(client, server, rate, where="edges.csv:2"):
    return DeclaredEdge(client, server, rate, where)


def edge_list(*rows):
    return Observations(Unit.BYTES, declared=rows)


def test_an_edge_list_is_taken_at_its_word_and_rows_of_a_pair_are_added():
    graph = build_graph(
        edge_list(
            declared(workload("web"), workload("cart"), 5.0),
            declared(pod("web_1"), pod("cart_1"), 2.0),
        ),
        CLUSTER,
    )

    assert graph.edges == (Edge(workload("web"), workload("cart"), 7.0, 0.0, True),)
    assert graph.pod_edges == (PodEdge(pod("web_1"), pod("cart_1"), 2.0, 0.0, True),)
    assert graph.warnings == ()


def test_a_workload_that_is_not_in_the_cluster_is_shown_with_its_place():
    graph = build_graph(
        edge_list(
            declared(workload("web"), workload("cart"), 5.0),
            declared(workload("web"), workload("typo"), 9.0, "edges.csv:3"),
        ),
        CLUSTER,
    )

    assert graph.leftovers == (Leftover(ABSENT, 1, "edges.csv:3: shop/web → shop/typo"),)


@pytest.mark.parametrize(
    ("client", "server", "seen", "both_ended"),
    [
        ("web_1", "cart_1", (["n2"], ["n1"]), True),
        ("web_1", "cart_1", (["n2"], []), False),
        ("web_1", "cart_1", ([], ["n1"]), False),
        ("web_1", "cart_1", (["n9"], ["n1"]), False),
        ("web_1", "cart_1", (["n1"], ["n2"]), False),
        ("web_1", "cart_1", ([""], [""]), False),
        ("web_2", "cart_1", (["n2"], []), True),
        ("web_2", "cart_1", (["n9"], []), False),
    ],
)
def test_an_edge_is_both_ended_when_each_ends_node_saw_what_arrived_there(
    client, server, seen, both_ended
):
    graph = build_graph(flows(pair(client, server, 1, 1, seen)), CLUSTER)

    assert graph.pod_edges[0].both_ended is both_ended
    assert graph.edges[0].both_ended is both_ended
    assert bool(graph.warnings) is not both_ended


def test_without_a_cluster_a_pods_node_is_where_its_traffic_arrived():
    graph = build_graph(
        flows(
            pair("a", "b", 1, 1, (["n2"], ["n1"])),
            pair("c", "b", 1, 0, (["n2"], [])),
            pair("d", "a", 0, 1, ([], ["n1"])),
        )
    )

    ends = {edge.client.name: edge.both_ended for edge in graph.pod_edges}
    assert ends == {"a": True, "c": False, "d": True}
    assert graph.warnings == ()


names = st.sampled_from(["web_1", "web_2", "cart_1", "cart_2", "gone"])
pairs = st.builds(pair, names, names, st.integers(0, 99), st.integers(0, 99))


@settings(deadline=None)
@given(st.lists(pairs, max_size=12))
def test_events_are_conserved(some):
    merged = {(each.client, each.server): each for each in some}.values()
    known = pair("web_1", "cart_1", 5)
    merged = [each for each in merged if (each.client, each.server) != (known.client, known.server)]

    graph = build_graph(flows(known, *merged), CLUSTER)

    left = sum(leftover.records for leftover in graph.leftovers)
    assert graph.rate * graph.seconds + left == pytest.approx(
        sum(each.events for each in [known, *merged])
    )
