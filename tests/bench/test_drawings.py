"""The generator: the same world for the same seed, filled within its own rules."""

import numpy as np
import pytest

from benchmarks import drawings, posing, scorers, worlds
from benchmarks.shapes import SHAPES, Shape

SMALL = ("tiny24", "tiny40", "tiny60", "tiny100", "200")


@pytest.mark.parametrize("name", SMALL)
def test_a_start_breaks_no_rule_and_places_every_pod(name):
    world = drawings.draw(name, 1)
    problem = posing.pose(world, "uniform")

    assert len(world.places) == SHAPES[name].pods
    assert scorers.score(problem, problem.start).broken == ()


def test_the_same_seed_draws_the_same_world():
    one, other, third = (drawings.draw("200", seed) for seed in (3, 3, 4))

    assert np.array_equal(one.places, other.places)
    assert np.array_equal(one.weights, other.weights)
    assert not np.array_equal(one.sizes, third.sizes)


def test_a_world_has_pools_and_rules_of_every_kind():
    world = drawings.draw_shape("mixed", Shape(600, 60), 1)

    assert world.racks.max() == 2
    assert world.zones.max() == 2
    assert set(np.unique(world.classes)) >= {0, 1}
    assert (world.most_per_node == 1).any()
    assert (world.most_per_zone < worlds.UNLIMITED).any()


def test_a_world_comes_back_from_its_file(tmp_path):
    world = drawings.draw("tiny40", 2)
    worlds.save(world, tmp_path / "world.npz")
    found = worlds.load(tmp_path / "world.npz")

    assert found.distances == world.distances
    assert found.name == world.name
    assert np.array_equal(found.places, world.places)
    assert np.array_equal(found.open, world.open)
