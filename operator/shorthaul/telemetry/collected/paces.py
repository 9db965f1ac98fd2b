"""How slowly windows are read, so that what is measured does not get in the way of what is served.

A window of a busy collector that comes at once fills a narrow link for longer than a call takes:
100 kB are 80 ms at 10 Mbit/s. So those of one moment are read over a quarter of a window, each for
as long as its share of the records; what was missed for long is read as fast as it comes. Values
only, no I/O.
"""

from collections.abc import Mapping

from shorthaul.telemetry.collected.clients import Listed
from shorthaul.telemetry.collected.rosters import Due, Grid

Window = tuple[str, Listed]

SHARE = 0.25
MOST_SECONDS = 20.0
"""Well within what an exchange may last."""

_FRESH_WINDOWS = 2


def seconds_of(due: Due, grid: Grid, now_seconds: float) -> Mapping[Window, float]:
    """Over how long each of the windows that are due is read; those that are not told at once."""
    age = now_seconds - (due.start_seconds + grid.seconds)
    whole = sum(listed.records for _, listed in due.windows)
    if not whole or age > _FRESH_WINDOWS * grid.seconds + grid.grace_seconds:
        return {}
    each = min(MOST_SECONDS, SHARE * grid.seconds) / whole
    return {(name, listed): each * listed.records for name, listed in due.windows}
