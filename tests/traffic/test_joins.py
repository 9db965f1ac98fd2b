"""Bytes joined with Hubble's verdicts and clients, and how the two maps differ."""

from dataclasses import replace

import pytest

from shorthaul.traffic import anchors
from shorthaul.traffic.attribution import attribute, build_graph
from shorthaul.traffic.comparisons import compare, comparison_text, moved_share
from shorthaul.traffic.graphs import Edge
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.joins import JOINED, UNSEEN, Joining, join
from shorthaul.traffic.observations import UNWEIGHED_EVENTS, DeclaredEdge, Observations, ObserverSum
from shorthaul.traffic.pair_sums import PairSum, pair_sums
from shorthaul.units import NodeName, PodRef, Unit, WorkloadRef

NODES = {"web_1": "n1", "web_2": "n2", "cart_1": "n2", "db_1": "n3", "spy_1": "n1", "far_1": "n9"}


def pod(name):
    return PodRef("shop", name)


def workload(name):
    return WorkloadRef("shop", "Deployment", name)


CLUSTER = Directory(
    pods={
        pod(name): PodIdentity(workload(name.split("_")[0]), NodeName(node))
        for name, node in NODES.items()
    },
    workloads=frozenset(workload(name.split("_")[0]) for name in NODES),
)


def rows(*given):
    return Observations(
        Unit.BYTES,
        declared=tuple(
            DeclaredEdge(pod(source), pod(destination), rate, f"bytes.csv:{number}")
            for number, (source, destination, rate) in enumerate(given, start=2)
        ),
        lines=len(given) + 12,
        counted_lines=len(given),
        ignored={UNWEIGHED_EVENTS: 10, "verdict DROPPED": 2},
    )


def events(*pairs, heard=("n1", "n2", "n3"), lossy=()):
    return Observations(
        Unit.FLOWS,
        pairs=pair_sums(PairSum(pod(client), pod(server), n, n) for client, server, n in pairs),
        observers={NodeName(name): ObserverSum(10, 10 if name in lossy else 0) for name in heard},
        earliest_nanoseconds=0,
        latest_nanoseconds=10**9,
        counted_lines=10,
    )


def test_bytes_run_from_the_client_that_hubble_saw():
    joined = join(
        rows(("web_1", "cart_1", 100.0), ("cart_1", "web_1", 7.0)),
        events(("web_1", "cart_1", 3)),
        CLUSTER,
    )

    assert build_graph(joined, CLUSTER).edges == (
        Edge(workload("web"), workload("cart"), 100.0, 7.0),
    )


def test_where_both_ask_each_other_the_one_with_more_events_is_the_client():
    joined = join(
        rows(("web_1", "cart_1", 100.0)),
        events(("web_1", "cart_1", 3), ("cart_1", "web_1", 4)),
        CLUSTER,
    )

    assert build_graph(joined, CLUSTER).edges == (
        Edge(workload("cart"), workload("web"), 0.0, 100.0),
    )


def test_replicas_share_their_workloads_verdict():
    joined = join(rows(("web_2", "cart_1", 5.0)), events(("web_1", "cart_1", 3)), CLUSTER)

    assert build_graph(joined, CLUSTER).rate == 5.0


def test_bytes_that_no_verdict_stands_behind_are_left_out_and_told():
    joined = join(
        rows(("web_1", "cart_1", 5.0), ("spy_1", "db_1", 900.0)),
        events(("web_1", "cart_1", 3)),
        CLUSTER,
    )

    assert build_graph(joined, CLUSTER).rate == 5.0
    (left,) = joined.leftovers
    assert (left.reason, left.records) == (UNSEEN, 1)
    assert left.example == "bytes.csv:3: shop/spy_1 → shop/db_1"
    assert joined.counted_lines == 1


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({"heard": ("n2",)}, True),
        ({"heard": ("n1", "n2")}, False),
        ({"heard": ("n2", "n3")}, False),
        ({"lossy": ("n1", "n3")}, True),
    ],
)
def test_where_hubble_is_blind_at_both_ends_bytes_count_and_are_marked(more, counts):
    joined = join(
        rows(("spy_1", "db_1", 30.0), ("web_1", "cart_1", 10.0)),
        events(("web_1", "cart_1", 3), **more),
        CLUSTER,
    )

    assert (build_graph(joined, CLUSTER).rate == 40.0) is counts
    assert any("75.0% of the bytes) are bytes only" in text for text in joined.warnings) is counts


def test_a_pod_that_nobody_knows_is_not_taken_for_one_that_hubble_cannot_see():
    joined = join(rows(("gone_1", "away_1", 30.0)), events(("web_1", "cart_1", 3)), CLUSTER)

    assert joined.declared == ()


def test_every_line_stays_in_one_count():
    joined = join(
        rows(("web_1", "cart_1", 5.0), ("spy_1", "db_1", 9.0)),
        events(("web_1", "cart_1", 3)),
        CLUSTER,
    )

    assert joined.ignored == {"verdict DROPPED": 2, JOINED: 10}
    others = sum(joined.ignored.values()) + sum(each.records for each in joined.leftovers)
    assert joined.counted_lines + others == joined.lines


def test_what_events_tell_serves_any_number_of_maps_of_bytes():
    seen = events(("web_1", "cart_1", 5))
    joining = Joining(seen, CLUSTER)
    told = (rows(("cart_1", "web_1", 9.0)), rows(("web_1", "db_1", 4.0), ("far_1", "db_1", 1.0)))

    assert [joining.join(each) for each in told] == [join(each, seen, CLUSTER) for each in told]


def test_units_that_cannot_be_joined_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="cannot join bytes/s to bytes/s"):
        join(rows(), rows(), CLUSTER)


def test_the_shares_of_two_maps_are_compared_the_most_different_first():
    seen = events(("web_1", "cart_1", 1), ("web_1", "db_1", 3))
    weights = rows(("web_1", "cart_1", 70.0), ("cart_1", "web_1", 20.0), ("web_1", "db_1", 10.0))
    by_bytes = build_graph(join(weights, seen, CLUSTER), CLUSTER)
    by_events = attribute(seen, CLUSTER)

    pairs = compare(by_bytes, by_events)

    assert [(pair.share, pair.other_share) for pair in pairs] == [(0.9, 0.25), (0.1, 0.75)]
    assert moved_share(pairs) == pytest.approx(0.65)
    assert comparison_text(by_bytes, by_events) == (
        "65.0% of the bytes/s lie between other workloads than the flows/s say; most: "
        "shop/cart – shop/web 0.900 against 0.250; shop/db – shop/web 0.100 against 0.750",
    )
    assert comparison_text(by_bytes, attribute(events(), CLUSTER)) == ()


def test_bytes_only_are_a_share_of_the_bytes_between_pods():
    told = rows(("spy_1", "db_1", 30.0), ("web_1", "cart_1", 10.0))
    office = DeclaredEdge(workload("web"), anchors.vertex("office"), 960.0, "bytes.csv:9")
    seen = events(("web_1", "cart_1", 3), heard=("n2",))

    joined = join(replace(told, declared=(*told.declared, office)), seen, CLUSTER)

    assert office in joined.declared
    assert any("75.0% of the bytes) are bytes only" in text for text in joined.warnings)


def test_events_with_places_say_nothing_of_clients():
    seen = replace(events(("web_1", "cart_1", 3)), anchored_lines=4)

    joined = join(rows(("web_1", "cart_1", 5.0)), seen, CLUSTER)

    assert joined.ignored == {"verdict DROPPED": 2, JOINED: 6, UNWEIGHED_EVENTS: 4}
