"""Seeds for the kernels' draws, and logarithms of draws as a table of integers."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve.kernels.layouts import Ints

TABLE = 1024


def seeded(seed: int) -> NDArray[np.uint64]:
    """A state that never stands at 0 (splitmix64; Steele and others, 2014)."""
    mask = 2**64 - 1
    x = (seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & mask
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    return np.array([(x ^ (x >> 31)) | 1], dtype=np.uint64)


@cache
def exponentials() -> Ints:
    """-ln(u) at the middle of each of TABLE steps, in 1/1024: what annealing forgives."""
    return np.array(
        [round(-1024 * math.log((i + 0.5) / TABLE)) for i in range(TABLE)], dtype=np.int64
    )
