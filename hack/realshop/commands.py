"""The shop's commands of `hack/realcluster`: load, record, loop, compare, report."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import canvases
from ociimages import layers
from realnodes import clusters, layouts, openings
from realshop import (
    advices,
    deployments,
    figures,
    images,
    installs,
    leasts,
    loops,
    manifests,
    outcomes,
    packages,
    pages,
    pythons,
    records,
    scenarios,
    shops,
    spools,
    tables,
)
from testbed import gobuilds, progress

ERRORS = (
    *(loops.NoMoves, installs.InstallFailed, layers.NotAnImage, pythons.Unavailable),
    *(advices.NoPlan, gobuilds.BuildFailed, spools.Unheard),
)
NAME = "shop"
NODES = 6
COMPARED_SEED = 3
BANDWIDTH = "10mbit"
RESULTS = packages.REPOSITORY / "docs" / "benchmarks" / "real-cluster"
PAGE = packages.REPOSITORY / "docs" / "benchmarks" / "real-cluster.md"


def add(commands: Any) -> None:
    """Add the shop's commands to those of the cluster."""
    load = commands.add_parser("load", help="start the shop on a cluster that is up")
    _add_shop(load)
    load.add_argument("--name", default=clusters.DEFAULT_NAME, help="which cluster")
    load.add_argument(
        "--shorthaul", action="store_true", help="install it too, without policies: it observes"
    )
    load.set_defaults(run=_load)
    record = commands.add_parser("record", help="write what `shorthaul plan` reads of it")
    record.add_argument("folder", type=Path)
    record.add_argument("--seconds", type=float, default=30.0, help="of traffic")
    record.add_argument("--name", default=clusters.DEFAULT_NAME, help="which cluster")
    record.set_defaults(run=_record)
    loop = commands.add_parser("loop", help="the closed loop: up, shop, Shorthaul, measured, down")
    _add_run(loop)
    loop.add_argument("--result", type=Path, help="the file to write what came of it to")
    loop.set_defaults(run=_loop)
    compare = commands.add_parser("compare", help="the same shop under each way of placing")
    _add_run(compare)
    compare.set_defaults(seed=COMPARED_SEED, stores=2)
    names = ",".join(one.name for one in scenarios.ALL)
    compare.add_argument("--scenarios", default=names, help=f"some of {names}")
    _add_report(compare)
    compare.set_defaults(run=_compare)
    report = commands.add_parser("report", help="write the page of results from their files")
    _add_report(report)
    report.set_defaults(run=_report)


def _add_report(command: argparse.ArgumentParser) -> None:
    command.add_argument("--results", type=Path, default=RESULTS, help="folder of the outcomes")
    command.add_argument("--page", type=Path, default=PAGE, help="the page that is written")


def _add_shop(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=1, help="which shop (default 1)")
    command.add_argument("--services", type=int, default=12)
    command.add_argument("--stores", type=int, default=0, help="held in one rack (default 0)")
    command.add_argument("--rate", type=float, default=shops.RATE, help="bytes/s it says in all")


def _add_run(command: argparse.ArgumentParser) -> None:
    _add_shop(command)
    command.add_argument("--nodes", type=int, default=NODES)
    command.add_argument("--racks", type=int, default=2)
    command.add_argument("--cni", choices=layouts.CNIS, default=layouts.CNIS[0])
    command.add_argument("--bandwidth", default=BANDWIDTH, help="between racks, each way")
    command.add_argument("--seconds", type=float, default=45.0, help="measured before and after")
    command.add_argument("--quiet", type=float, default=60.0, help="seconds without a move = rest")
    command.add_argument("--watch", type=float, default=0.0, help="seconds after the last move")
    command.add_argument("--no-restart", action="store_true", help="leave the rolling restart out")
    command.add_argument("--install", action="store_true", help="missing Debian packages")
    command.add_argument("--name", default=NAME, help="which cluster to make; or, if up, to use")


def _shop(arguments: argparse.Namespace) -> shops.Shop:
    return shops.drawn(
        arguments.seed,
        services=arguments.services,
        bytes_per_second=arguments.rate,
        stores=arguments.stores,
    )


def _load(arguments: argparse.Namespace) -> int:
    cluster, shop = clusters.attached(arguments.name), _shop(arguments)
    image = images.traffic()
    deployments.give(cluster, [image])
    deployments.deploy(cluster, shop, manifests.Wanted(image.name))
    if arguments.shorthaul:
        own, agent = images.shorthaul(), images.agent()
        deployments.give(cluster, [own, agent])
        cni = cluster.layout.cni
        installs.install(cluster, installs.values(own, agent, installs.Pace(), cni))
    least = leasts.least(shop, deployments.dump(cluster))
    print(f"{len(shop.services)} services, {shop.pods} pods, {len(shop.calls)} pairs that talk")
    print(f"{shop.total_bytes_per_second:.0f} bytes/s in all, {least.now:.0f} between racks now")
    proven = "proven" if least.proven else f"not proven; none is below {least.bound:.0f}"
    print(f"{least.least:.0f} bytes/s between racks is the least ({proven})")
    return 0


def _record(arguments: argparse.Namespace) -> int:
    cluster = clusters.attached(arguments.name)
    for path in records.record(cluster, arguments.folder, arguments.seconds):
        print(path)
    return 0


def _loop(arguments: argparse.Namespace) -> int:
    with openings.running_or_fresh(arguments) as cluster:
        found = loops.run(_setting(cluster, arguments), scenarios.named(scenarios.LOOP))
        if arguments.result:
            outcomes.write(found, arguments.result)
        print(tables.one(found), flush=True)
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    wanted = [scenarios.named(name) for name in arguments.scenarios.split(",")]
    found = []
    for one in wanted:
        progress.say(f"scenario {one.name}: {one.what}")
        with openings.running_or_fresh(arguments) as cluster:
            found.append(loops.run(_setting(cluster, arguments), one))
            outcomes.write(found[-1], arguments.results / f"{_called(found[-1])}.json")
    print(tables.compared(found))
    return _report(arguments)


def _called(one: outcomes.Outcome) -> str:
    network = "" if one.cni == layouts.CNIS[0] else f"-{one.cni}"
    rate = tables.unusual_rate(one).removesuffix("/s").replace(" ", "")
    return f"{one.scenario}-seed{one.seed}{f'-{rate}' if rate else ''}{network}"


def _report(arguments: argparse.Namespace) -> int:
    found = [outcomes.read(path) for path in sorted(arguments.results.glob("*.json"))]
    arguments.page.write_text(pages.page(found, dict(_drawn(found, arguments.page))))
    print(arguments.page)
    return 0


def _drawn(found: list[outcomes.Outcome], page: Path) -> Iterator[tuple[str, str]]:
    """Draw each comparison beside the page; where nothing can draw, keep the figures there are."""
    for name, same in pages.by_shop(found):
        path = page.with_suffix("") / f"{re.sub('[^a-z0-9.]+', '-', name.lower())}.svg"
        try:
            figures.draw(same, path)
        except canvases.Unavailable as error:
            progress.say(f"no new figure: {error}")
        if path.exists():
            yield name, path.relative_to(page.parent).as_posix()


def _setting(cluster: clusters.Cluster, arguments: argparse.Namespace) -> loops.Setting:
    times = loops.Times(measured=arguments.seconds, quiet=arguments.quiet, watched=arguments.watch)
    return loops.Setting(
        cluster,
        _shop(arguments),
        arguments.bandwidth,
        times,
        restart=not arguments.no_restart,
    )
