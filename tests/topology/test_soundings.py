"""What probers claim, and what one of them can do with lies."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.topology.latencies import Measured
from shorthaul.topology.soundings import (
    Estimate,
    Resolution,
    Sounding,
    estimates,
    pair_up,
    told,
)
from shorthaul.units import Tier

NAMES = ["n1", "n2", "n3", "n4", "n5", "n6"]
LABELS = {
    name: {
        "topology.kubernetes.io/zone": "z1" if name < "n4" else "z2",
        "topology.kubernetes.io/region": "r1",
    }
    for name in NAMES
}
DISTANCES = measure(LABELS, DEFAULT_SCALE)
TRUE = {Tier.ZONE: 0.3, Tier.REGION: 2.0}


def honest(names=NAMES, latency=lambda one, other: TRUE[DISTANCES.tier(one, other)]):
    """What all nodes of a quiet network measure."""
    return {
        (one, other): latency(*sorted((one, other)))
        for one in names
        for other in names
        if one != other
    }


def soundings(claims):
    return [Sounding(one, other, value) for (one, other), value in claims.items()]


def estimated(claims):
    return estimates(pair_up(soundings(claims)), DISTANCES)


def test_a_tier_is_as_far_as_its_pairs_of_nodes_are():
    found = estimated(honest())

    assert found == {Tier.ZONE: Estimate(0.3, 6, 6), Tier.REGION: Estimate(2.0, 9, 6)}


def test_what_only_one_end_measured_counts_nothing():
    claims = {pair: value for pair, value in honest().items() if pair[0] < pair[1]}

    found = pair_up(soundings(claims))

    assert (found.milliseconds, found.one_sided, found.disputed) == ({}, 15, 0)


@pytest.mark.parametrize("claim", [0.0, 4.1, 1e6])
def test_ends_that_contradict_each_other_count_nothing(claim):
    claims = honest() | {("n1", "n4"): claim}

    found = pair_up(soundings(claims))

    assert (len(found.milliseconds), found.disputed) == (14, 1)


def test_the_larger_of_two_that_agree_counts():
    claims = {("n1", "n2"): 2.0, ("n2", "n1"): 2.5}

    assert pair_up(soundings(claims)).milliseconds == {("n1", "n2"): 2.5}


def test_two_nodes_alone_are_no_estimate():
    claims = honest(NAMES[:2])

    assert len(pair_up(soundings(claims)).milliseconds) == 1
    assert estimated(claims) == {}


def test_a_tier_whose_pairs_have_one_node_in_common_has_no_estimate():
    claims = {pair: value for pair, value in honest().items() if NAMES[0] in pair}

    assert estimated(claims) == {}


def test_nodes_that_are_gone_count_nothing():
    claims = honest() | {("n1", "n9"): 2.0, ("n9", "n1"): 2.0}

    assert estimated(claims) == estimated(honest())


values = st.floats(0.01, 500)
LIES = st.lists(st.tuples(st.floats(0, 1e6), st.floats(1, 1e6)), min_size=5, max_size=5)


def lied(true, liar, lies):
    """The true latencies, and what is claimed: a liar claims what it likes, and lets the others
    wait as long as it likes, but not less."""
    latency = dict(zip(combinations(NAMES, 2), true, strict=True))
    claims = honest(latency=lambda one, other: latency[one, other])
    others = [name for name in NAMES if name != liar]
    for other, (claim, slower) in zip(others, lies, strict=True):
        claims[liar, other] = claim
        claims[other, liar] *= slower
    return latency, claims


@settings(deadline=None)
@given(st.lists(values, min_size=15, max_size=15), st.sampled_from(NAMES), LIES)
def test_one_node_that_lies_can_withhold_an_estimate_and_never_pull_it(true, liar, lies):
    latency, claims = lied(true, liar, lies)

    found = estimated(claims)

    for tier, estimate in found.items():
        its = {pair: ms for pair, ms in latency.items() if DISTANCES.tier(*pair) is tier}
        without = sorted(ms for pair, ms in its.items() if liar not in pair)
        assert min(its.values()) <= estimate.milliseconds <= without[(len(without) - 1) // 2]


@settings(deadline=None)
@given(st.lists(values, min_size=15, max_size=15))
def test_the_estimate_is_the_least_median_without_one_node(true):
    latency = dict(zip(combinations(NAMES, 2), true, strict=True))
    found = estimated(honest(latency=lambda one, other: latency[one, other]))

    for tier, estimate in found.items():
        its = {pair: ms for pair, ms in latency.items() if DISTANCES.tier(*pair) is tier}
        medians = []
        for name in NAMES:
            left = sorted(ms for pair, ms in its.items() if name not in pair)
            medians.append(left[(len(left) - 1) // 2])
        assert estimate.milliseconds == min(medians)


def test_few_pairs_are_told_by_node_and_many_by_zone():
    pairs = pair_up(soundings(honest()))

    assert len(told(pairs, DISTANCES, 15)) == 15
    assert told(pairs, DISTANCES, 14) == (
        Measured("z1", "z1", 0.3),
        Measured("z1", "z2", 2.0),
        Measured("z2", "z2", 0.3),
    )
    assert len(told(pairs, DISTANCES, 2)) == 2


COARSE = Resolution(above=5.0, below=1_000.0)


@pytest.mark.parametrize(
    ("there", "back", "both"),
    [
        (7.5, 9.0, 9.0),
        (2.5, 4.9, 5.0),
        (0.1, 4.9, 5.0),
        (2.5, 9.0, 5.0),
        (5.0, 5.0, 5.0),
        (7_000.0, 1_000.0, 1_000.0),
    ],
)
def test_beyond_what_a_histogram_tells_its_bound_counts(there, back, both):
    claims = {("n1", "n2"): there, ("n2", "n1"): back}

    assert pair_up(soundings(claims), COARSE).milliseconds == {("n1", "n2"): both}


def test_under_the_bound_at_one_end_and_far_above_it_at_the_other_is_a_contradiction():
    found = pair_up(soundings({("n1", "n2"): 1.0, ("n2", "n1"): 10.1}), COARSE)

    assert (found.milliseconds, found.disputed) == ({}, 1)


def test_a_bound_is_no_latency():
    assert [each for each in (5.0, 5.1, 999.0, 1_000.0) if COARSE.tells(each)] == [5.1, 999.0]
    assert Resolution().tells(0.0)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 2_000), min_size=15, max_size=15), st.sampled_from(NAMES), LIES)
def test_one_node_that_lies_cannot_pull_an_estimate_of_a_histogram_either(true, liar, lies):
    """What an estimate tells lies between the least latency and the median without the liar."""
    latency, claims = lied(true, liar, lies)

    found = estimates(pair_up(soundings(claims), COARSE), DISTANCES)

    for tier, estimate in found.items():
        if COARSE.tells(estimate.milliseconds):
            its = {pair: ms for pair, ms in latency.items() if DISTANCES.tier(*pair) is tier}
            without = sorted(ms for pair, ms in its.items() if liar not in pair)
            assert min(its.values()) <= estimate.milliseconds <= without[(len(without) - 1) // 2]


@given(st.lists(st.floats(0.01, 5.0), min_size=8), st.lists(st.floats(5.1, 900), max_size=7))
def test_where_most_pairs_are_under_the_bound_no_estimate_is_made_of_the_others(near, far):
    values = (near + far)[:15]
    under = sum(value <= 5.0 for value in values)
    pairs = dict(zip(combinations(NAMES, 2), values, strict=False))
    everywhere = measure({name: {} for name in NAMES}, DEFAULT_SCALE)
    claims = pairs | {(other, one): value for (one, other), value in pairs.items()}

    found = estimates(pair_up(soundings(claims), COARSE), everywhere)

    assert under * 2 > len(values)
    assert not any(COARSE.tells(each.milliseconds) for each in found.values())
