"""How large a pod is where resources differ: its largest share of all the room there is of one."""

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve.problems import Ints

Floats = NDArray[np.float64]


def totals(room: Ints) -> Floats:
    """All the room of each resource (resources, nodes), at least 1; nodes too full have none."""
    found: Floats = np.maximum(1.0, room.clip(min=0).sum(axis=1).astype(np.float64))
    return found


def shares(requests: Ints, room: Ints) -> Floats:
    """The size of a pod of each group, by what it asks (groups, resources)."""
    found: Floats = (requests / totals(room)).max(axis=1, initial=0.0)
    return found
