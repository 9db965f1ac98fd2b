"""The chances by which the group is drawn that a ruin begins at, as integers that are summed up."""

import numpy as np

from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels.layouts import Ints

CHANCES = 2**30


def chances(group: Ints) -> Ints:
    """Running sums for some rows of `Model.group`: the root of a pod's traffic, for each pod."""
    shares = np.sqrt(group[:, at.RANK].astype(np.float64)) * group[:, at.SIZE]
    shares = np.maximum(1, np.rint(shares * (CHANCES / max(1.0, float(shares.sum())))))
    return np.cumsum(shares.astype(np.int64))
