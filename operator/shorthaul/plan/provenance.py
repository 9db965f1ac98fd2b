"""What a plan was made from, so that it can be made again: seed, digests, limits and engines.

No time of day and nothing of the machine: equal inputs give equal bytes.
"""

from collections.abc import Mapping

import numpy as np

from shorthaul.plan import least_gains
from shorthaul.plan.requests import Request
from shorthaul.solve.choices import engine


def inputs(request: Request) -> Mapping[str, str]:
    """The inputs of a plan as text, sorted by name."""
    given = {
        **request.digests,
        "engine": engine(request.solver),
        "numpy": np.__version__,
        "seed": str(request.seed),
        "maxMoves": "none" if request.max_moves is None else str(request.max_moves),
        "movePrice": repr(float(least_gains.move_price(request))),
    }
    if request.max_moves_percent is not None:
        given["maxMovesPercent"] = repr(float(request.max_moves_percent))
    return dict(sorted(given.items()))
