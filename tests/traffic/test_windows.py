"""The average over windows: half-life, blindness, single-ended and stale pairs."""

from dataclasses import replace

import pytest

from shorthaul.traffic import anchors
from shorthaul.traffic.graphs import Leftover
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.observations import AnchorSum
from shorthaul.traffic.pair_sums import PairSum, pair_sums
from shorthaul.traffic.windows import SINGLE_ENDED, STALE, Window, WindowRules
from shorthaul.units import NodeName, PodRef, Unit, WorkloadRef
from traffic.averaged import graph_of

RULES = WindowRules(window_seconds=10, half_life_windows=2, stale_windows=3, kept_windows=20)
PODS = {"web-1": "n1", "cart-1": "n2", "db-1": "n2"}
CLUSTER = Directory(
    pods={
        PodRef("shop", name): PodIdentity(
            WorkloadRef("shop", "Deployment", name[:-2]), NodeName(node)
        )
        for name, node in PODS.items()
    }
)


def pair(server="cart-1", forward=10, backward=0, seen=("n2", "n1")):
    return PairSum(
        PodRef("shop", "web-1"),
        PodRef("shop", server),
        forward,
        backward,
        frozenset(seen[:1]),
        frozenset(seen[1:]),
    )


def window(index, *pairs, **more):
    return Window(index * 10, 10, pairs=pair_sums(pairs), **more)


def rate(windows, rules=RULES):
    return graph_of(windows, rules, CLUSTER).rate


def test_steady_traffic_has_its_rate():
    graph = graph_of([window(i, pair(backward=5)) for i in range(6)], RULES, CLUSTER)

    [edge] = graph.edges
    assert (edge.forward, edge.backward) == pytest.approx((1.0, 0.5))
    assert (graph.unit, graph.seconds, graph.end_seconds) == (Unit.FLOWS, 60, 60)
    assert graph.warnings == graph.leftovers == ()


def test_a_window_weighs_half_at_the_age_of_the_half_life():
    windows = [window(0, pair(forward=30)), window(1), window(2, pair(forward=0.001))]

    weights = 1 + 0.5**0.5 + 0.5
    assert rate(windows) == pytest.approx(0.5 * 3.0 / weights, rel=1e-3)


def test_an_empty_complete_window_is_zero_traffic():
    assert rate([window(0, pair()), window(1)]) < rate([window(0, pair())])


def test_a_window_in_which_a_reporting_node_was_blind_says_nothing_about_the_pair():
    blind = window(1, blind=frozenset({NodeName("n2")}))

    assert rate([window(0, pair()), blind]) == pytest.approx(1.0)


def test_a_blind_node_does_not_matter_to_pairs_of_other_nodes():
    blind = window(1, blind=frozenset({NodeName("n9")}))

    assert rate([window(0, pair()), blind]) == rate([window(0, pair()), window(1)])


def test_a_half_told_pair_in_a_blind_window_does_not_count_half():
    half = window(1, pair(forward=5, seen=("n2",)), blind=frozenset({NodeName("n1")}))

    assert rate([window(0, pair(backward=10)), half]) == pytest.approx(2.0)


def test_a_window_of_which_too_much_was_lost_is_left_out_and_told():
    graph = graph_of([window(0, pair()), window(1, pair(forward=1), usable=False)], RULES, CLUSTER)

    assert graph.rate == pytest.approx(1.0)
    assert "1 of 2 windows are left out" in graph.warnings[0]


def test_a_pair_that_one_end_only_reports_attracts_nothing_and_is_shown():
    forged = pair("db-1", forward=1000, seen=("n2",))

    graph = graph_of([window(0, pair(), forged)], RULES, CLUSTER)

    assert [edge.server.name for edge in graph.edges] == ["cart"]
    assert graph.leftovers == (Leftover(SINGLE_ENDED, 1000, "shop/web-1 → shop/db-1"),)


def test_a_node_that_saw_one_direction_first_and_the_other_later_saw_both():
    unplaced = Directory({pod: replace(each, node=None) for pod, each in CLUSTER.pods.items()})
    windows = [window(0, pair(seen=("n1",))), window(1, pair(backward=5, seen=("n1", "n1")))]

    graph = graph_of(windows, RULES, unplaced)

    assert [(edge.server.name, edge.both_ended) for edge in graph.edges] == [("cart", True)]
    assert graph.leftovers == ()


def test_a_node_cannot_report_traffic_of_pods_that_are_not_its_own():
    forged = pair("db-1", forward=1000, seen=("n9", "n9"))

    assert graph_of([window(0, forged)], RULES, CLUSTER).edges == ()


def test_a_pair_not_seen_in_the_newest_windows_is_stale_and_shown():
    windows = [window(0, pair(), pair("db-1")), *(window(i, pair()) for i in (1, 2, 3))]

    graph = graph_of(windows, RULES, CLUSTER)

    assert [edge.server.name for edge in graph.edges] == ["cart"]
    assert [leftover.reason for leftover in graph.leftovers] == [STALE]


def test_a_replaced_pods_traffic_is_kept_while_its_workload_goes_on_talking():
    cart = CLUSTER.pods[PodRef("shop", "cart-1")]
    web = CLUSTER.pods[PodRef("shop", "web-1")]
    today = Directory(
        pods={PodRef("shop", "web-1"): web, PodRef("shop", "cart-2"): cart},
        workloads=frozenset({cart.workload, web.workload}),
    )
    named = {PodRef("shop", "cart-1"): cart.workload}
    windows = [window(0, pair()), *(window(i, pair("cart-2")) for i in range(1, 6))]

    graph = graph_of(windows, RULES, today, named)

    assert [(edge.server.name, edge.rate) for edge in graph.edges] == [
        ("cart", pytest.approx(10 / RULES.window_seconds))
    ]
    assert graph.leftovers == ()


def test_a_pair_whose_nodes_have_been_blind_for_long_is_stale():
    blind = frozenset({NodeName("n2")})
    windows = [window(0, pair()), *(window(i, blind=blind) for i in (1, 2, 3))]

    graph = graph_of(windows, RULES, CLUSTER)

    assert graph.edges == ()
    assert [leftover.reason for leftover in graph.leftovers] == [STALE]


def test_events_beyond_the_limit_of_pairs_are_shown():
    graph = graph_of([window(0, pair(), surplus_events=7)], RULES, CLUSTER)

    assert [leftover.records for leftover in graph.leftovers] == [7]


def test_no_usable_windows_make_an_empty_map():
    graph = graph_of([], RULES, CLUSTER)

    assert (graph.edges, graph.end_seconds) == ((), 0)


def test_traffic_of_pods_unknown_to_the_cluster_makes_no_edge_and_no_error():
    graph = graph_of([window(0, pair("x", seen=("n2", "n1")))], RULES, CLUSTER)

    assert graph.edges == ()
    assert len(graph.leftovers) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"window_seconds": 0},
        {"kept_windows": 0},
        {"half_life_windows": 0},
        {"half_life_windows": float("inf")},
        {"lost_share_limit": 2},
    ],
)
def test_rules_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        WindowRules(**wrong)


OFFICE = anchors.vertex("office")


def placed(index, *, pod="web-1", forward=10, backward=0, seen="n1", **more):
    each = AnchorSum(OFFICE, PodRef("shop", pod), forward, backward, frozenset([NodeName(seen)]))
    return window(index, anchored={(each.client, each.server): each}, **more)


def test_steady_traffic_with_a_named_place_has_its_rate_and_is_beside_the_others():
    graph = graph_of([placed(i, backward=5) for i in range(6)], RULES, CLUSTER)

    [edge] = graph.anchored
    assert (edge.client, edge.server) == (OFFICE, WorkloadRef("shop", "Deployment", "web"))
    assert (edge.forward, edge.backward) == pytest.approx((1.0, 0.5))
    assert (graph.edges, graph.pod_edges, graph.leftovers, graph.rate) == ((), (), (), 0)


def test_a_blind_node_says_nothing_of_its_pods_traffic_with_places():
    blind = window(5, blind=frozenset([NodeName("n1")]))
    other = window(5, blind=frozenset([NodeName("n2")]))
    before = [placed(i) for i in range(5)]

    [edge] = graph_of([*before, blind], RULES, CLUSTER).anchored
    [less] = graph_of([*before, other], RULES, CLUSTER).anchored

    assert edge.forward == pytest.approx(1.0)
    assert less.forward < 0.9


def test_a_place_that_was_not_seen_lately_is_left_over():
    graph = graph_of([placed(0), *(window(i) for i in range(1, 5))], RULES, CLUSTER)

    assert graph.anchored == ()
    [left] = graph.leftovers
    assert left.reason == f"with a named place outside: {STALE}"


def test_a_pod_in_the_place_of_another_keeps_its_workloads_traffic_with_places():
    newer = Directory(
        pods={**CLUSTER.pods, PodRef("shop", "web-2"): CLUSTER.pods[PodRef("shop", "web-1")]}
    )
    windows = [placed(0), *(placed(i, pod="web-2") for i in range(1, 6))]

    [edge] = graph_of(windows, RULES, newer).anchored

    assert edge.forward == pytest.approx(1.0)


def test_places_move_nothing_in_what_is_between_pods():
    plain = [window(i, pair(backward=5)) for i in range(6)]
    beside = [
        window(i, pair(backward=5), anchored=placed(i, forward=10**9).anchored) for i in range(6)
    ]

    one, other = graph_of(plain, RULES, CLUSTER), graph_of(beside, RULES, CLUSTER)

    assert (one.edges, one.pod_edges, one.rate) == (other.edges, other.pod_edges, other.rate)
