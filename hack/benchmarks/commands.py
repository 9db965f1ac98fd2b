"""The command line of the bench: run a suite or single cells, list what there is, report."""

import argparse
import fnmatch
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import (
    catalogue,
    goals,
    hubble_lines,
    ledgers,
    methods,
    netflow_decoding,
    netflow_messages,
    netflow_soaks,
    reports,
    runners,
    suites,
)
from benchmarks.cells import Cell
from benchmarks.netflow_soaks import Soak
from benchmarks.rows import Rows
from shorthaul.errors import BadInput

MOST_SOAK_SECONDS = 3_600
ROWS = catalogue.FOLDER / "rows.jsonl"


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what was asked; 1 with one line for what cannot be done."""
    asked = _parser().parse_args(arguments)
    try:
        found: int = asked.does(asked)
    except BadInput as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hack/bench", description=_description())
    parts = parser.add_subparsers(required=True, metavar="COMMAND")
    run = parts.add_parser("run", help="run a suite, or the cells that options name")
    run.add_argument("--suite", choices=suites.SUITES, help="which cells")
    run.add_argument("--only", metavar="PATTERN", help="only cells whose title matches *PATTERN*")
    run.add_argument("--world", action="append", default=[], help="without a suite: worlds")
    run.add_argument(
        "--routing", action="append", default=[], help="uniform, local, mixed, services"
    )
    run.add_argument("--method", action="append", default=[], help="see `list`")
    run.add_argument("--seed", action="append", type=int, default=[], help="of the world")
    run.add_argument("--trial", action="append", type=int, default=[], help="the method's seed")
    run.add_argument("--option", action="append", default=[], metavar="NAME=NUMBER")
    run.add_argument("--limit", type=float, default=120, metavar="SECONDS", help="per cell")
    run.add_argument("--again", action="store_true", help="run what has a row already, too")
    run.set_defaults(does=_run)
    draw = parts.add_parser("draw", help="draw a world and say how it is")
    draw.add_argument("world")
    draw.add_argument("--seed", type=int, default=1)
    draw.set_defaults(does=_draw)
    report = parts.add_parser("report", help="write docs/benchmarks from the rows")
    report.add_argument("--to", type=Path, default=reports.FOLDER, metavar="FOLDER")
    report.set_defaults(does=_report)
    netflow = parts.add_parser("netflow", help="decoding NetFlow and IPFIX, beside goflow2")
    netflow.add_argument("--records", type=int, default=300_000, help="of each shape")
    netflow.add_argument("--rounds", type=int, default=5, help="of each decoder, in turns")
    netflow.add_argument("--seed", type=int, default=1)
    netflow.add_argument("--shape", action="append", choices=list(netflow_messages.SHAPES))
    netflow.set_defaults(does=_netflow)
    soak = parts.add_parser(
        "soak", help="a collector at more than it can take: nothing unaccounted"
    )
    soak.add_argument("--seconds", type=_seconds, default=600, help="for each shape")
    soak.add_argument("--times", type=float, default=2, help="the rated speed")
    soak.add_argument("--seed", type=int, default=1)
    soak.add_argument("--shape", action="append", choices=list(netflow_messages.SHAPES))
    soak.add_argument(
        "--receive-buffer-bytes",
        type=int,
        default=netflow_soaks.BUFFER_BYTES,
        metavar="BYTES",
        help="of the collector; a smaller one loses in more and shorter gaps",
    )
    soak.set_defaults(does=_soak)
    ledger = parts.add_parser("ledger", help="how much the ledger commits a second")
    ledger.add_argument("--records", type=int, default=500_000)
    ledger.add_argument("--per-commit", type=int, default=20_000)
    ledger.add_argument("--seed", type=int, default=1)
    ledger.add_argument("--folder", help="where the ledgers are made; a disk, to be meaningful")
    ledger.set_defaults(does=_ledger)
    hubble = parts.add_parser("hubble", help="decoding Hubble's lines, windows of them, and edges")
    hubble.add_argument("--lines", type=int, default=200_000)
    hubble.add_argument("--rounds", type=int, default=3, help="of each, the best counts")
    hubble.add_argument("--edges", type=int, default=2_000_000, help="pairs of pods in memory")
    hubble.add_argument("--seed", type=int, default=1)
    hubble.set_defaults(does=_hubble)
    listing = parts.add_parser("list", help="worlds, methods, and the cells of each suite")
    listing.set_defaults(does=_list)
    return parser


def _description() -> str:
    return "Puts the solver beside its peers, one process per cell, and keeps a row for each."


def _run(asked: argparse.Namespace) -> int:
    wanted = suites.SUITES[asked.suite]() if asked.suite else _named(asked)
    if asked.only:
        wanted = [cell for cell in wanted if fnmatch.fnmatch(cell.title, f"*{asked.only}*")]
    runners.run(wanted, Rows(ROWS).read(), again=asked.again)
    return 0


def _netflow(asked: argparse.Namespace) -> int:
    shapes = asked.shape or list(netflow_messages.SHAPES)
    netflow_decoding.measure(asked.records, asked.rounds, asked.seed, shapes)
    return 0


def _soak(asked: argparse.Namespace) -> int:
    shapes = asked.shape or ["v9", "ipfix", "v5"]
    buffer_bytes = asked.receive_buffer_bytes
    soaks = [Soak(shape, asked.seconds, asked.times, asked.seed, buffer_bytes) for shape in shapes]
    return 0 if netflow_soaks.measure(soaks, lambda text: print(text, flush=True)) else 1


def _seconds(text: str) -> float:
    """A length of time that ends by itself."""
    found = float(text)
    if not 0 < found <= MOST_SOAK_SECONDS:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most {MOST_SOAK_SECONDS}")
    return found


def _named(asked: argparse.Namespace) -> list[Cell]:
    """The cells of all combinations that the options name."""
    if not asked.world:
        raise BadInput("name a suite with --suite, or worlds with --world")
    options = dict(_option(text) for text in asked.option)
    return [
        Cell(world, routing, method, seed, trial, options, asked.limit)
        for world in asked.world
        for routing in asked.routing or ["uniform"]
        for method in asked.method or ["shorthaul"]
        for seed in asked.seed or [1]
        for trial in asked.trial or [0]
    ]


def _option(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError as error:
        raise BadInput(f"--option {text} is not NAME=NUMBER") from error


def _report(asked: argparse.Namespace) -> int:
    kept = Rows(ROWS).read()
    for path in reports.write(kept, asked.to):
        print(path)
    for goal, found in goals.judged(kept.all()):
        print(f"{goal.name:4} {found.word:12} {goal.asked}: {found.told}")
    return 0


def _draw(asked: argparse.Namespace) -> int:
    world = catalogue.world(asked.world, asked.seed)
    used = (world.sizes @ world.requests) / world.room.sum(axis=1)
    print(
        f"{world.name}: {world.sizes.sum()} pods of {world.services} services on {world.nodes} "
        f"nodes, {len(world.weights)} edges, used {', '.join(f'{share:.1%}' for share in used)}"
    )
    return 0


def _ledger(asked: argparse.Namespace) -> int:
    for line in ledgers.run(asked.records, asked.per_commit, asked.seed, asked.folder):
        print(line, flush=True)
    return 0


def _hubble(asked: argparse.Namespace) -> int:
    for line in hubble_lines.run(asked.lines, asked.rounds, asked.edges, asked.seed):
        print(line, flush=True)
    return 0


def _list(_: argparse.Namespace) -> int:
    print("worlds:  " + " ".join(catalogue.names()))
    print("methods: " + " ".join(methods.names()))
    for name, cells in suites.SUITES.items():
        print(f"suite {name}: {len(cells())} cells; {(cells.__doc__ or '').strip()}")
    return 0
