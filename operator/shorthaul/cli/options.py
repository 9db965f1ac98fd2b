"""The options that several commands share, declared once so that they read alike everywhere."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

from shorthaul.cli.many_values import ManyValues
from shorthaul.units import Objective, Routing

LIVE = "live"
SERVICES = "services"
KNEE = "knee"
QUICK, THOROUGH, NONE = "quick", "thorough", "none"
STANDARD_INPUT = "/dev/stdin"
LARGEST_SEED = 2**32 - 1

_Function = TypeVar("_Function", bound=Callable[..., Any])
_FILE = click.Path()


class MostMoves(click.ParamType[int | str]):
    """A number of moves, or the word knee."""

    name = "N|knee"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Reads it; negative numbers and other words are wrong usage."""
        if value == KNEE:
            return KNEE
        if not str(value).isdecimal():
            self.fail(f"{value!r} is neither a number of moves from 0 up nor {KNEE}", param, ctx)
        return int(value)


class Seconds(click.ParamType[float]):
    """A positive, finite number of seconds."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Reads it; NaN and infinity are wrong usage, as is a search of no time."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not (math.isfinite(seconds) and seconds > 0):
            self.fail(f"{value!r} is no number of seconds above 0", param, ctx)
        return seconds


class Percent(click.ParamType[float]):
    """A percentage from 0 to 100."""

    name = "percent"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Reads it, with or without the sign."""
        try:
            percent = float(str(value).removesuffix("%"))
        except ValueError:
            percent = math.nan
        if not 0 <= percent <= 100:
            self.fail(f"{value!r} is no percentage from 0 to 100", param, ctx)
        return percent


def files(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """A dash stands for standard input, as everywhere."""
    return tuple(STANDARD_INPUT if path == "-" else path for path in value)


def _words(enumeration: type[Objective] | type[Routing]) -> list[str]:
    return [str(word) for word in enumeration]


def cluster(*, required: bool) -> Callable[[_Function], _Function]:
    """--cluster: what exists."""
    return click.option(
        "--cluster",
        "-c",
        cls=ManyValues,
        multiple=True,
        required=required,
        type=_FILE,
        metavar="PATH",
        callback=files,
        help="Files or folders of Kubernetes objects as kubectl get -o json (or yaml) prints "
        f"them, plain or .gz; or the word {LIVE}: the cluster of the current kubeconfig context.",
    )


flows = click.option(
    "--flows",
    "-f",
    cls=ManyValues,
    multiple=True,
    required=True,
    type=_FILE,
    metavar="PATH",
    callback=files,
    help="Hubble export files (plain, .gz or rotated), or an edge list (CSV or JSON lines); "
    "told apart by their content. A folder means all files in it.",
)
policy = click.option(
    "--policy",
    "-p",
    cls=ManyValues,
    multiple=True,
    type=_FILE,
    metavar="PATH",
    help="AffinityPolicy objects (YAML or JSON); without any, every movable pod may be moved.",
)
topology = click.option(
    "--topology",
    type=_FILE,
    metavar="PATH",
    help="A Topology object (YAML or JSON) with tiers, distances, prices, latencies, and named "
    "places outside (anchors); without it, the standard labels and the distances 0 (host), "
    "1 (rack), 3 (zone), 10 (region), 30 (beyond).",
)
objective = click.option(
    "--objective",
    type=click.Choice(_words(Objective)),
    help="What to make small; without it, the one unit that the flows have. Cost needs prices in "
    "--topology, latency needs latencies there and flows in flows/s.",
)
routing = click.option(
    "--routing",
    type=click.Choice([SERVICES, *_words(Routing)]),
    default=SERVICES,
    show_default=True,
    help="How Services spread traffic over their pods: as each one does, or one way for all.",
)
max_moves = click.option(
    "--max-moves",
    type=MostMoves(),
    metavar="N|knee",
    help="Most moves of the plan, or knee: as many as pay well. Without it, as many as gain.",
)
max_moves_percent = click.option(
    "--max-moves-percent",
    type=Percent(),
    metavar="P",
    help="Most moves in percent of the cluster's running pods.",
)
time_limit = click.option(
    "--time-limit",
    type=Seconds(),
    metavar="SECONDS",
    help="Cut the search short; the plan then says so, and may differ between machines.",
)
min_hosts = click.option(
    "--min-hosts",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    metavar="N",
    help="A workload with at least N replicas keeps at least N hosts; 1 turns it off. "
    "With --policy, the policies' own floors hold for what they select.",
)
recommend_routing = click.option(
    "--recommend-routing",
    is_flag=True,
    help="Recommend trafficDistribution of Services together with the moves, where no endpoint is "
    "loaded beyond --endpoint-load-limit. Needs --routing services.",
)
endpoint_load_limit = click.option(
    "--endpoint-load-limit",
    type=click.FloatRange(min=1),
    default=1.5,
    show_default=True,
    metavar="X",
    help="The most that routing recommended may load an endpoint, in fair shares of its traffic.",
)
bound = click.option(
    "--bound",
    type=click.Choice([QUICK, THOROUGH, NONE]),
    default=QUICK,
    show_default=True,
    help="How hard to look for the bound that no placement can go below: thorough may take many "
    "minutes, none leaves it out.",
)
seed = click.option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of the search; the same input and seed give the same plan.",
)
out = click.option(
    "--out",
    type=click.Path(),
    metavar="FILE",
    help="Write the result to a file, whole or not at all, in place of standard output.",
)


def output(*forms: str) -> Callable[[_Function], _Function]:
    """-o: the form of the result; the first is the default."""
    return click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help="The form of the result.",
    )


def together(
    *options: Callable[[_Function], _Function],
) -> Callable[[_Function], _Function]:
    """Several options as one decorator, shown in the order given."""

    def decorate(function: _Function) -> _Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
