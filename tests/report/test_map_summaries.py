"""A summary has few rows, whatever the map, and they add up to the whole."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shorthaul.report.map_summaries import MOST_REASONS, REST, heaviest, summary
from shorthaul.report.maps import MapEdge, TiersBy, TrafficMap, cluster_map
from shorthaul.topology.distances import DEFAULT_DISTANCES, DEFAULT_SCALE, measure
from shorthaul.traffic.graphs import Edge, Leftover, PodEdge, TrafficGraph
from shorthaul.units import TIERS, Tier, Unit
from worlds.builders import cluster, nodes, reference, replicas, workload_reference

RATES = some.just(0.0) | some.floats(1e-9, 1e12)  # below, a part of a rate is no number any more
EDGES = some.lists(some.tuples(RATES, some.none() | some.lists(RATES, min_size=5, max_size=5)))
WORLD = cluster(
    nodes(4, zones=2),
    replicas("web", "n1", "n2"),
    replicas("db", "n1", "n3"),
    replicas("job", "n4"),
)
WEB, DB, JOB = (workload_reference(name) for name in ("web", "db", "job"))


def made(drawn):
    """A map of drawn edges; the rates by tier may be anything, as sources disagree."""
    edges = [
        MapEdge(
            Edge(workload_reference(f"c{number}"), workload_reference("s"), rate, 0.0),
            None if tiers is None else dict(zip(TIERS, tiers, strict=True)),
            None if tiers is None else TiersBy.OBSERVED,
        )
        for number, (rate, tiers) in enumerate(drawn)
    ]
    edges.sort(key=lambda item: -item.edge.rate)
    return TrafficMap(Unit.BYTES, 60.0, tuple(edges), None)


def mapped(graph):
    labels = {name: node.labels for name, node in WORLD.nodes.items()}
    return cluster_map(graph, WORLD, measure(labels, DEFAULT_SCALE))


@given(EDGES, some.integers(0, 8))
def test_shown_and_other_are_the_whole(drawn, most):
    traffic = made(drawn)

    found = summary(traffic, DEFAULT_DISTANCES, most)

    assert math.isclose(math.fsum(row.rate for row in found.rows), traffic.rate, rel_tol=1e-6)
    assert all(row.rate >= 0 for row in found.rows)


@given(EDGES, some.integers(0, 8))
def test_rows_are_bounded_and_each_names_another_thing(drawn, most):
    found = summary(made(drawn), DEFAULT_DISTANCES, most)

    assert found.shown == min(most, found.edges)
    assert len(found.rows) <= (most + 1) * (len(TIERS) + 1)
    assert len({(row.ends, row.tier) for row in found.rows}) == len(found.rows)


@given(EDGES, some.integers(0, 8))
def test_no_edge_of_the_rest_is_heavier_than_one_that_is_shown(drawn, most):
    traffic = made(drawn)
    named = {row.ends for row in summary(traffic, DEFAULT_DISTANCES, most).rows if row.ends}
    rates = {(item.edge.client, item.edge.server): item.edge.rate for item in traffic.edges}

    least = min((rates[ends] for ends in named), default=math.inf)

    assert all(rate <= least for ends, rate in rates.items() if ends not in named)


@given(EDGES)
def test_what_is_told_of_the_whole_does_not_depend_on_how_much_is_shown(drawn):
    none, all_of_it = (summary(made(drawn), DEFAULT_DISTANCES, most) for most in (0, len(drawn)))

    assert none.rate == all_of_it.rate
    assert none.shares == pytest.approx(all_of_it.shares)
    assert none.mean_distance == pytest.approx(all_of_it.mean_distance)
    assert math.isclose(math.fsum(none.shares.values()), 1.0) or not any(none.shares.values())


def test_the_mean_distance_is_that_of_the_traffic_whose_tier_is_known():
    seen = PodEdge(reference("web-0"), reference("db-0"), 6.0, 0.0)
    far = PodEdge(reference("web-0"), reference("db-1"), 2.0, 0.0)
    graph = TrafficGraph(Unit.FLOWS, 60.0, (Edge(WEB, DB, 10.0, 0.0),), (seen, far))

    found = summary(mapped(graph), DEFAULT_DISTANCES, 1)

    tier = Tier.RACK
    assert found.mean_distance == pytest.approx(found.shares[tier] * DEFAULT_DISTANCES[tier])
    assert {row.tier: row.rate for row in found.rows} == {
        Tier.HOST: 6.0,
        tier: 2.0,
        None: pytest.approx(2.0),
    }


def test_edges_that_nobody_saw_pod_by_pod_cross_the_tiers_of_their_routing():
    seen = PodEdge(reference("web-0"), reference("db-0"), 6.0, 0.0)
    edges = (Edge(JOB, DB, 4.0, 0.0), Edge(WEB, DB, 6.0, 0.0))
    found = mapped(TrafficGraph(Unit.BYTES, 60.0, edges, (seen,)))

    tiers = {item.edge.client: item.tiers for item in found.edges}

    assert tiers[WEB][Tier.HOST] == 6.0
    assert sum(tiers[JOB].values()) == pytest.approx(4.0)
    assert {item.edge.client: item.tiers_by for item in found.edges} == {
        WEB: TiersBy.OBSERVED,
        JOB: TiersBy.ROUTED,
    }


def test_a_map_of_its_heaviest_edges_says_what_it_leaves_out():
    traffic = made([(5.0, None), (3.0, None), (1.0, None)])

    kept, (note,) = heaviest(traffic, 2)

    assert [item.edge.rate for item in kept.edges] == [5.0, 3.0]
    assert note.startswith("1 of 3 edges are left out, the lightest, with 1 of 9 bytes/s")
    assert heaviest(traffic, 3) == (traffic, ())


def test_reasons_are_bounded_and_keep_their_sum():
    leftovers = tuple(Leftover(f"reason {number}", number + 1) for number in range(40))
    traffic = TrafficMap(Unit.FLOWS, 60.0, (), None, leftovers)

    found = summary(traffic, DEFAULT_DISTANCES, 1).leftovers

    assert len(found) == MOST_REASONS + 1
    assert sum(left.records for left in found) == sum(left.records for left in leftovers)
    assert found[-1].reason == REST
