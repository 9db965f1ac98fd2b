"""M3 as read gives the figures that were computed from the published files before."""

import pytest

from benchmarks import bytedance, posing, scorers, variants

GAINED = {"rasa": 0.8495, "applsci19": 0.5816, "pop": 0.1343}


@pytest.fixture(scope="module")
def world():
    """M3, where its data is."""
    try:
        return bytedance.load()
    except bytedance.NoData as reason:
        pytest.skip(str(reason))


def test_as_deployed_seven_percent_of_the_traffic_stay_on_a_machine(world):
    problem = posing.pose(world, "local")
    found = scorers.score(problem, problem.start)

    assert found.shares["host"] == pytest.approx(0.0700, abs=5e-5)
    assert found.pods == 3485
    assert found.broken == ()


@pytest.mark.parametrize("name", GAINED)
def test_published_placements_gain_what_is_known_of_them(world, name):
    problem = posing.pose(world, "local")
    found = scorers.score(problem, world.counts(bytedance.published(name)))

    assert found.shares["host"] == pytest.approx(GAINED[name], abs=5e-5)
    assert found.broken == ()


def test_relabelling_changes_no_cost(world):
    problem = posing.pose(variants.load("m3-relabelled", 1), "local")

    expected = scorers.score(posing.pose(world, "local"), world.counts()).cost
    assert scorers.score(problem, problem.start).cost == pytest.approx(expected)


@pytest.mark.parametrize("name", ["m3-rescaled", "m3-ruled"])
def test_variants_start_within_their_rules(world, name):
    problem = posing.pose(variants.load(name, 1), "local")

    assert scorers.score(problem, problem.start).broken == ()
