"""Runs in arrays, without a loop: ranges of numbers one after the other, and keys that are sorted.

Pods of groups, entries of rows and edges of links are all listed so: those of one come in a row,
and those of the next follow.
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def begins(sizes: Ints) -> Ints:
    """Where each run of so many begins, and last where all of them end."""
    found = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=found[1:])
    return found


def owners(sizes: Ints) -> Ints:
    """The number of the run that each place is in."""
    return np.repeat(np.arange(len(sizes)), sizes)


def ranks(sizes: Ints) -> Ints:
    """0, 1, 2 … within each run of so many."""
    return spans(np.zeros(len(sizes), dtype=np.int64), sizes)


def spans(firsts: Ints, sizes: Ints) -> Ints:
    """The numbers first, first + 1, … of each run, one run after the other."""
    ends = np.cumsum(sizes)
    found: Ints = np.arange(ends[-1] if len(ends) else 0) + np.repeat(firsts - ends + sizes, sizes)
    return found


def starts(keys: Ints, number: int, width: int = 1) -> Ints:
    """Where those of each of so many owners begin in sorted keys, and last where they end; a key is
    its owner times the width, and something below the width."""
    return np.searchsorted(keys, np.arange(number + 1) * np.int64(width)).astype(np.int64)
