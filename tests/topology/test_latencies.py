"""Latency per tier from what is given and what was measured."""

import pytest

from shorthaul.errors import BadInput
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.topology.latencies import Latencies, Measured, per_tier
from shorthaul.units import TIERS, Tier
from worlds import builders

NODES = builders.nodes(4, zones=2)
DISTANCES = measure({node.name: node.labels for node in NODES}, DEFAULT_SCALE)
GIVEN = dict(zip(TIERS, (0.0, 0.2, 0.5, 2.0, 40.0), strict=True))


def tiers(*measured, given=GIVEN):
    found = per_tier(Latencies(given, tuple(Measured(*one) for one in measured)), DISTANCES)
    return [found.tiers[tier] for tier in TIERS], found.notes


def test_without_measurements_the_given_latencies_count():
    assert tiers() == ([0.0, 0.2, 0.5, 2.0, 40.0], ())


def test_the_median_of_a_tier_counts_instead_of_what_is_given():
    found, notes = tiers(("n1", "n2", 3.0), ("n3", "n4", 4.0), ("n1", "n4", 5.0))

    assert found == [0.0, 0.2, 0.5, 4.0, 40.0]
    assert notes == ()


def test_measurements_may_be_between_zones():
    assert tiers(("z1", "z2", 3.0))[0] == [0.0, 0.2, 0.5, 3.0, 40.0]
    assert tiers(("z1", "z1", 1.0))[0] == [0.0, 0.2, 1.0, 2.0, 40.0]


def test_tiers_that_nobody_measured_are_as_the_nearer_one():
    assert tiers(("z1", "z2", 3.0), given=None)[0] == [0.0, 0.0, 0.0, 3.0, 3.0]


def test_a_wide_spread_within_a_tier_is_told():
    _, notes = tiers(("n1", "n2", 1.0), ("n3", "n4", 9.0))

    assert notes == (
        "latencies measured within tier region go from 1 to 9 ms, 5 is taken for all; tell finer "
        "tiers apart",
    )


def test_a_farther_tier_is_never_faster_than_a_nearer_one():
    found, notes = tiers(("n1", "n2", 0.1))

    assert found[TIERS.index(Tier.REGION)] == 0.5
    assert "less than within a nearer tier" in notes[0]


@pytest.mark.parametrize(
    ("measured", "said"),
    [(("n1", "n9", 1.0), "n9, which is neither"), (("n1", "z1", 1.0), "a node and a zone")],
)
def test_names_that_are_no_pair_of_nodes_or_zones_are_refused(measured, said):
    with pytest.raises(BadInput, match=said):
        tiers(measured)
