"""From a profile to PromQL: what was counted between two times, summed per pair of ends.

`increase` and `rate` stretch what they see to the window's edges, and what they add is a guess. A
counter that was never reset needs no guess: its largest value in the window, less its value at the
window's begin, is exactly what was counted between the scrapes nearest to both, and windows one
after the other add up without gap or double. A series that is new in the window counts from its
first sample, one that was reset between two windows from zero. Only series that were reset within
a window take `increase`.
"""

from collections.abc import Iterable, Sequence

from shorthaul.telemetry.prometheus.profiles import Matcher, Profile, Sampling

LOOKBACK_SECONDS = 300  # how far back Prometheus looks for a sample, unless told otherwise

Cell = tuple[Matcher, ...]


def traffic(profile: Profile, metric: str, cell: Cell, seconds: int) -> str:
    """What a metric counted in the seconds before the query's time, per pair of ends."""
    ends = profile.labels
    counted = _exact(selector(metric, (*profile.where, *cell)), seconds)
    if not profile.reporters:
        return f"sum by ({listed(ends)}) ({counted})"
    reported = listed((*ends, *profile.reporters))
    return f"max by ({listed(ends)}) (sum by ({reported}) ({counted}))"


def sizes(profile: Profile, metric: str, cell: Cell, label: str, seconds: int) -> str:
    """How many pairs of ends there are, or were lately, for each value of a label."""
    series = selector(metric, (*profile.where, *cell))
    pairs = listed(dict.fromkeys((label, *profile.labels)))
    reach = seconds + LOOKBACK_SECONDS
    return f"count by ({label}) (group by ({pairs}) (last_over_time({series}[{reach}s])))"


def sampling(told: Sampling) -> str:
    """The least sampling of all agents that it is about, and the most, told apart by a label."""
    one = f"{selector(told.metric, told.where)} > 0"
    return (
        f'label_replace(min({one}), "is", "least", "", "") '
        f'or label_replace(max({one}), "is", "most", "", "")'
    )


def among(label: str, values: Sequence[str]) -> Matcher:
    """A condition that a label has one of some values."""
    if len(values) == 1:
        return Matcher(label, values[0])
    return Matcher(label, "|".join(map(_escaped, values)), "=~")


def _exact(series: str, seconds: int) -> str:
    """What each series counted; all of it drops the metric's name, so that the parts match.

    The window begins at the sample before it; at the first sample in it, where the series is new;
    at zero, where the counter was reset between the two.
    """
    window = f"{series}[{seconds}s]"
    before, least = f"{series} offset {seconds}s", f"min_over_time({window})"
    begin = f"({before} <= {least}) or ({least} unless {before}) or ({least} * 0)"
    steady = f"max_over_time({window}) - ({begin})"
    return f"(({steady}) unless (resets({window}) > 0)) or increase({window})"


def selector(metric: str, matchers: Iterable[Matcher]) -> str:
    """A metric's series that meet conditions."""
    inner = ",".join(f"{each.label}{each.match}{_quoted(each.value)}" for each in matchers)
    return f"{metric}{{{inner}}}"


def listed(labels: Iterable[str]) -> str:
    """Labels as `by` takes them."""
    return ", ".join(labels)


def _quoted(value: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
    return '"' + "".join(escapes.get(letter, letter) for letter in value) + '"'


def _escaped(value: str) -> str:
    """A value as a regular expression of RE2 that matches it only."""
    special = set("\\.+*?()|[]{}^$")
    return "".join(f"\\{letter}" if letter in special else letter for letter in value)
