"""Places and tiers say the same of two nodes."""

from itertools import product

from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import TIERS
from worlds import builders


def test_two_nodes_share_a_tier_exactly_when_they_have_the_same_place_there():
    nodes = [*builders.nodes(6, zones=2, racks=2), builders.node("bare"), builders.node("n7", "z1")]
    distances = measure({node.name: node.labels for node in nodes}, DEFAULT_SCALE)

    for one, other in product(distances.groups, repeat=2):
        shared = [
            tier for tier in TIERS if distances.place(one, tier) == distances.place(other, tier)
        ]
        assert shared[0] is distances.tier(one, other)
        assert shared == list(TIERS[TIERS.index(shared[0]) :])


def test_a_node_that_is_not_known_is_at_no_tier():
    distances = measure({node.name: node.labels for node in builders.nodes(2)}, DEFAULT_SCALE)
    one, other = distances.groups

    assert distances.known_tier(one, other) is distances.tier(one, other)
    assert distances.known_tier(one, "gone") is distances.known_tier("gone", one) is None
    assert distances.known_tier("gone", "gone") is None
