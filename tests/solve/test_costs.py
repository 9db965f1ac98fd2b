"""The reference cost against what the definitions say, pod by pod."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.solve import costs
from shorthaul.solve.pricings import price
from shorthaul.topology.distances import DEFAULT_DISTANCES, DEFAULT_SCALE
from shorthaul.units import TIERS, Objective, Routing, Tier, Unit
from solve import chance_worlds
from worlds import builders

NUMBERS = st.integers(0, 10_000)


def shares_of(routing, *parts, client="a", server="b"):
    snapshot = builders.cluster(*parts)
    edge = RoutedEdge(
        builders.workload_reference(client), builders.workload_reference(server), 1.0, routing
    )
    distances = chance_worlds.distances_of(snapshot)
    found = costs.edge_shares(edge, costs.places(snapshot), distances)
    return {tier: float(share) for tier, share in found.items() if share}


def three_zones():
    return [
        builders.node("n1", "z1", "z1-r1"),
        builders.node("n2", "z1", "z1-r1"),
        builders.node("n3", "z1", "z1-r2"),
        builders.node("n4", "z2", "z2-r1"),
    ]


def test_uniform_traffic_goes_to_every_replica_alike():
    pods = [builders.replicas("a", "n1"), builders.replicas("b", "n1", "n2", "n3", "n4")]

    expected = {Tier.HOST: 0.25, Tier.RACK: 0.25, Tier.ZONE: 0.25, Tier.REGION: 0.25}
    assert expected == shares_of(Routing.UNIFORM, three_zones(), pods)


def test_zone_routing_uses_the_replicas_of_the_clients_zone_only():
    pods = [builders.replicas("a", "n1"), builders.replicas("b", "n2", "n3", "n4")]

    assert shares_of(Routing.ZONE, three_zones(), pods) == {Tier.RACK: 0.5, Tier.ZONE: 0.5}


def test_zone_routing_falls_back_to_all_replicas_where_the_zone_has_none():
    pods = [builders.replicas("a", "n1", "n4"), builders.replicas("b", "n2", "n3")]

    expected = {Tier.RACK: 0.25, Tier.ZONE: 0.25, Tier.REGION: 0.5}
    assert expected == shares_of(Routing.ZONE, three_zones(), pods)


def test_node_routing_prefers_the_node_then_the_zone_then_all():
    pods = [builders.replicas("a", "n1", "n3", "n4"), builders.replicas("b", "n1", "n2")]

    third = 1 / 3
    found = shares_of(Routing.NODE, three_zones(), pods)
    assert {Tier.HOST: third, Tier.ZONE: third, Tier.REGION: third} == pytest.approx(found)


def test_zone_routing_spreads_over_all_while_a_server_stands_where_no_zone_is_known():
    nodes = [*three_zones(), builders.node("bare")]
    pods = [builders.replicas("a", "n1"), builders.replicas("b", "n1", "bare")]

    expected = {Tier.HOST: 0.5, Tier.BEYOND: 0.5}
    assert expected == shares_of(Routing.ZONE, nodes, pods)


def test_a_client_whose_node_has_no_zone_uses_all_servers_under_zone_routing():
    nodes = [*three_zones(), builders.node("bare")]
    pods = [builders.replicas("a", "bare"), builders.replicas("b", "n1", "n4")]

    assert shares_of(Routing.ZONE, nodes, pods) == {Tier.BEYOND: 1.0}


def test_without_zones_zone_routing_is_uniform_though_racks_are_known():
    nodes = [builders.node("x", rack="r1"), builders.node("y", rack="r1"), builders.node("z")]
    pods = [builders.replicas("a", "x"), builders.replicas("b", "x", "y", "z")]

    uniform = shares_of(Routing.UNIFORM, nodes, pods)
    assert set(uniform) == {Tier.HOST, Tier.RACK, Tier.BEYOND}
    assert uniform == shares_of(Routing.ZONE, nodes, pods)


def test_node_routing_keeps_to_the_node_with_or_without_zones_but_else_needs_them():
    nodes = [builders.node("x", rack="r1"), builders.node("y", rack="r1"), builders.node("z")]
    pods = [builders.replicas("a", "x", "y"), builders.replicas("b", "x", "z")]

    expected = {Tier.HOST: 0.5, Tier.RACK: 0.25, Tier.BEYOND: 0.25}
    assert expected == shares_of(Routing.NODE, nodes, pods)


def test_local_routing_keeps_the_smaller_share_at_each_tier_in_turn():
    pods = [builders.replicas("a", "n1", "n1", "n1", "n4"), builders.replicas("b", "n1", "n2")]

    expected = {Tier.HOST: 0.5, Tier.RACK: 0.25, Tier.REGION: 0.25}
    assert expected == shares_of(Routing.LOCAL, three_zones(), pods)


def test_nodes_without_labels_are_beyond_each_other():
    pods = [builders.replicas("a", "x"), builders.replicas("b", "y")]
    nodes = [builders.node("x"), builders.node("y")]

    assert shares_of(Routing.UNIFORM, nodes, pods) == {Tier.BEYOND: 1.0}


def test_terminating_and_finished_pods_have_no_traffic():
    going = builders.pod("b-0", "n1", terminating=True)
    ended = builders.pod("b-1", "n1", phase="Succeeded")
    pods = [builders.replicas("a", "n1"), going, ended, builders.pod("b-2", "n2")]

    assert shares_of(Routing.UNIFORM, three_zones(), pods) == {Tier.RACK: 1.0}


def test_an_edge_with_an_end_that_nobody_is_at_costs_nothing():
    snapshot = builders.cluster(three_zones(), builders.replicas("a", "n1"))
    edge = RoutedEdge(
        builders.workload_reference("a"), builders.workload_reference("gone"), 5.0, Routing.UNIFORM
    )

    assert costs.priced([edge], costs.places(snapshot)) == ()


def test_cost_is_rate_times_distance():
    snapshot = builders.cluster(
        three_zones(), builders.replicas("a", "n1"), builders.replicas("b", "n4")
    )
    edge = RoutedEdge(
        builders.workload_reference("a"), builders.workload_reference("b"), 8.0, Routing.UNIFORM
    )
    pricing = price(Objective.BYTES, Unit.BYTES, DEFAULT_SCALE, None)
    distances = chance_worlds.distances_of(snapshot)

    found = costs.cost([edge], costs.places(snapshot), distances, pricing)
    assert 8.0 * DEFAULT_DISTANCES[Tier.REGION] == found


@settings(deadline=None, max_examples=40)
@given(NUMBERS)
def test_shares_of_every_edge_sum_to_one(number):
    request = chance_worlds.request(number)
    where = costs.places(request.snapshot)

    for edge in costs.priced(request.edges, where):
        assert sum(costs.edge_shares(edge, where, request.distances).values()) == 1
    locality = costs.locality(request.edges, where, request.distances)
    assert math.fsum(locality.values()) == pytest.approx(1) or set(locality.values()) == {0.0}
    assert list(locality) == list(TIERS)


@settings(deadline=None, max_examples=40)
@given(NUMBERS)
def test_local_routing_never_costs_more_than_uniform(number):
    request = chance_worlds.request(number, chance_worlds.Shape(routing=Routing.LOCAL))
    where = costs.places(request.snapshot)
    uniform = [
        RoutedEdge(edge.client, edge.server, edge.rate, Routing.UNIFORM) for edge in request.edges
    ]

    local = costs.cost(request.edges, where, request.distances, request.pricing)
    assert local <= costs.cost(uniform, where, request.distances, request.pricing) + 1e-6


@settings(deadline=None, max_examples=60)
@given(NUMBERS, st.sampled_from(list(Routing)))
def test_shares_by_place_are_the_sums_over_all_pairs_of_nodes(number, routing):
    request = chance_worlds.request(number)
    where = costs.places(request.snapshot)

    for edge in costs.priced(request.edges, where):
        routed = RoutedEdge(edge.client, edge.server, edge.rate, routing)
        expected = dict.fromkeys(TIERS, 0)
        for client, server, share in costs.spread(routed, where, request.distances):
            expected[request.distances.tier(client, server)] += share
        assert costs.edge_shares(routed, where, request.distances) == expected
