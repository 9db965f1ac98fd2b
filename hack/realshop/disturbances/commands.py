"""`hack/realcluster disturb`: what goes wrong, on purpose, one line each with what was seen."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from realnodes import clusters, layouts, leftovers, openings
from realshop import shops
from realshop.disturbances import findings, stages, tables
from testbed import progress

NAME = "disturb"
ERRORS = (stages.NotSettled,)
UNEXPECTED = 2


def add(commands: Any) -> None:
    """Add the command to those of the cluster."""
    names = ", ".join(one.name for one in tables.ALL)
    disturb = commands.add_parser(
        NAME,
        help="disturb the shop and Shorthaul, and hold what happens against what is expected",
        description=f"All of {names}; or those that are named. A line each. Exit status "
        f"{UNEXPECTED} when something did not come as expected.",
    )
    disturb.add_argument("names", nargs="*", metavar="NAME")
    disturb.add_argument("--list", action="store_true", help="tell what there is, and stop")
    disturb.add_argument("--seed", type=int, default=1, help="which shop (default 1)")
    disturb.add_argument("--nodes", type=int, default=6)
    disturb.add_argument("--racks", type=int, default=2)
    disturb.add_argument("--cni", choices=layouts.CNIS, default=layouts.CNIS[0])
    disturb.add_argument("--bandwidth", default="10mbit", help="between racks, each way")
    disturb.add_argument("--quiet", type=float, default=60.0, help="seconds without a move = rest")
    disturb.add_argument("--results", type=Path, help="folder for what came of each, as a file")
    disturb.add_argument("--install", action="store_true", help="missing Debian packages")
    disturb.add_argument("--name", default=NAME, help="which cluster to make; or, if up, to use")
    disturb.set_defaults(run=_disturb)


def _disturb(arguments: argparse.Namespace) -> int:
    chosen = tables.named(arguments.names)
    if arguments.list:
        for one in chosen:
            print(f"{one.name}: {one.done}; expected: {one.expected}")
        return 0
    held = True
    with openings.running_or_fresh(arguments) as cluster, _opened(cluster, arguments) as stage:
        for one in chosen:
            progress.say(f"{one.name}: {one.done}")
            found = tables.disturb(stage, one)
            held = held and found.held
            print(findings.line(found), flush=True)
            if arguments.results:
                findings.write(found, arguments.results)
            if not found.held:
                progress.say(f"logs: {leftovers.keep_logs(cluster.layout)}")
    return 0 if held else UNEXPECTED


@contextmanager
def _opened(cluster: clusters.Cluster, arguments: argparse.Namespace) -> Iterator[stages.Stage]:
    times = stages.Times(quiet=arguments.quiet)
    shop = shops.drawn(arguments.seed)
    with stages.opened(cluster, shop, arguments.bandwidth, times) as stage:
        yield stage
