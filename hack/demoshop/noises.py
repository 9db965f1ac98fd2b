"""Randomness with the shapes of real traffic: gamma-distributed rates and Poisson counts."""

from __future__ import annotations

import math
import random

LARGE_MEAN = 50.0


def gamma(random_source: random.Random, variation: float) -> float:
    """Return a factor of mean 1 whose coefficient of variation is the given one."""
    if variation == 0:
        return 1.0
    shape = 1 / variation**2
    return random_source.gammavariate(shape, 1 / shape)


def poisson(random_source: random.Random, mean: float) -> int:
    """Return how many independent events happen where `mean` are expected."""
    if mean > LARGE_MEAN:
        return max(0, round(random_source.gauss(mean, math.sqrt(mean))))
    count, remaining = 0, random_source.random()
    limit = math.exp(-mean)
    while remaining > limit:
        count += 1
        remaining *= random_source.random()
    return count
