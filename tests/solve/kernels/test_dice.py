"""Seeds never stand at zero, and the table of logarithms is the same on every machine."""

import math

import numpy as np

from shorthaul.solve.kernels import dice


def test_no_seed_makes_a_generator_that_stands_still():
    states = [int(dice.seeded(seed)[0]) for seed in (0, 1, -1, 2**64, 2**200, *range(1000))]

    assert all(states)


def test_the_table_falls_and_its_mean_is_one():
    table = dice.exponentials()

    assert (np.diff(table) <= 0).all()
    assert math.isclose(table.mean() / 1024, 1.0, abs_tol=2e-3)
