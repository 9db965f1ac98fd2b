"""From what is wanted of round trips to PromQL: medians, the buckets' bounds, and how many pairs.

`histogram_quantile` makes a number out of the first bucket too, somewhere between zero and its
bound, and the last finite bound out of all that is beyond, or of NaN. None of these is a
measurement, though they look like it. So the bounds are asked beside, and what is observed in all
is added, times zero: where that is not a number, the median is none.
"""

from shorthaul.telemetry.prometheus.profiles import Matcher
from shorthaul.telemetry.prometheus.queries import Cell, listed, selector
from shorthaul.telemetry.prometheus.round_trip_profiles import Histogram, OwnQuery

_ALL = Matcher("le", "+Inf")


def medians(asked: Histogram, cell: Cell, seconds: int) -> str:
    """The median of each pair of ends, NaN where its counts are; silent pairs are left out."""
    where, ends = (*asked.where, *cell), listed((asked.source, asked.destination))
    buckets = f"rate({selector(f'{asked.metric}_bucket', where)}[{seconds}s])"
    all_of_them = selector(f"{asked.metric}_bucket", (*where, _ALL))
    observed = f"sum by ({ends}) (rate({all_of_them}[{seconds}s]))"
    median = f"histogram_quantile(0.5, sum by (le, {ends}) ({buckets}))"
    return f"({median} + 0 * {observed}) unless ({observed} == 0)"


def bounds(asked: Histogram, seconds: int) -> str:
    """The buckets' bounds, as labels."""
    buckets = selector(f"{asked.metric}_bucket", asked.where)
    return f"group by (le) (last_over_time({buckets}[{seconds}s]))"


def sizes(asked: Histogram, seconds: int) -> str:
    """How many other ends there are for each destination."""
    series = selector(f"{asked.metric}_bucket", (*asked.where, _ALL))
    pairs = f"group by ({listed((asked.source, asked.destination))})"
    return f"count by ({asked.destination}) ({pairs} (last_over_time({series}[{seconds}s])))"


def size(asked: OwnQuery) -> str:
    """How many numbers a query of one's own answers; it may end with a comment."""
    return f"count(\n{asked.query}\n)"
