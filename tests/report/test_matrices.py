"""The heat map shows between groups of nodes what the reference cost prices."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.report import matrices
from shorthaul.solve import costs
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import Routing, Tier
from worlds.builders import cluster, nodes, replicas, workload_reference

NODES = nodes(8, zones=2, racks=2)
DISTANCES = measure({node.name: node.labels for node in NODES}, DEFAULT_SCALE)
NAMES = st.sampled_from([node.name for node in NODES])


def placed(clients, servers):
    return costs.places(cluster(NODES, replicas("web", *clients), replicas("db", *servers)))


def edge(routing, rate=1.0):
    return RoutedEdge(workload_reference("web"), workload_reference("db"), rate, routing)


@given(
    st.sampled_from(Routing),
    st.lists(NAMES, min_size=1, max_size=6),
    st.lists(NAMES, min_size=1, max_size=6),
)
def test_what_stays_in_a_zone_is_what_the_reference_cost_says(routing, clients, servers):
    where = placed(clients, servers)

    found = matrices.matrix([edge(routing)], where, DISTANCES, Tier.ZONE)

    expected = costs.edge_shares(edge(routing), where, DISTANCES)
    within = math.fsum(rate for (one, other), rate in found.rates.items() if one == other)
    near = expected[Tier.HOST] + expected[Tier.RACK] + expected[Tier.ZONE]
    assert within == pytest.approx(float(near))


def test_a_matrix_sums_to_the_rate_and_names_all_groups():
    where = placed(["n1", "n2"], ["n1"])

    found = matrices.matrix([edge(Routing.UNIFORM, 8.0)], where, DISTANCES, Tier.ZONE)

    assert found.groups == ("z1", "z2")
    assert found.rates == {("z1", "z1"): 4.0, ("z2", "z1"): 4.0}
    assert math.fsum(found.rates.values()) == 8.0


def test_there_is_no_heat_map_of_more_groups_than_can_be_read():
    many = measure({node.name: {} for node in nodes(60)}, DEFAULT_SCALE)

    assert matrices.heading_tier(many) is None
    assert matrices.heading_tier(DISTANCES) is Tier.ZONE
