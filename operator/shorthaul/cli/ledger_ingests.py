"""`shorthaul ledger ingest`: flow files into the ledger, each record once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from shorthaul.cli import inputs, ledger_options, options, outputs, progress
from shorthaul.cli.many_values import Command
from shorthaul.cluster.address_books import book_of, node_ends_of, nodes_of
from shorthaul.cluster.directories import directory_of
from shorthaul.cluster.whereabouts import Whereabouts
from shorthaul.report.ledger_receipts import Reading, receipt_object, receipt_text
from shorthaul.report.objects import as_json
from shorthaul.store.connections import Refusing
from shorthaul.store.intakes import Receipt
from shorthaul.store.ledgers import Ledger
from shorthaul.telemetry.captures.kinds import Kind, by_kind
from shorthaul.telemetry.captures.ledger_captures import CaptureBatches, Captured, read_captures
from shorthaul.telemetry.ledger_files import LedgerFiles
from shorthaul.telemetry.netflow_lines import Rules
from shorthaul.traffic.entries import Batch
from shorthaul.traffic.metering import Ground


@click.command(
    "ingest",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  shorthaul ledger ingest hubble/*.log --ledger shop.ledger --cluster cluster.json\n"
    "  shorthaul ledger ingest exports.pcap --ledger shop.ledger --cluster cluster.json\n"
    "  shorthaul ledger ingest day.log.gz --ledger shop.ledger --cluster live -o json",
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(), metavar="FILE...", callback=options.files
)
@options.together(
    ledger_options.ledger,
    options.cluster(required=True),
    options.topology,
    click.option(
        "--sampling",
        type=click.IntRange(1, 1_000_000_000),
        default=1,
        metavar="N",
        help="For NetFlow: one of how many packets is counted, where no record tells; 1 for all.",
    ),
    click.option(
        "--longest-flow",
        type=click.IntRange(1, 366 * 86_400),
        default=1800,
        show_default=True,
        metavar="SECONDS",
        help="For NetFlow: the longest that exporters hold a flow back (their active timeout).",
    ),
    options.output("table", "json"),
    options.out,
)
def command(files: Sequence[str], ledger: str, form: str, out: str | None, **given: Any) -> None:
    """Count the flows of FILEs (or folders of them) into a ledger.

    A file is a Hubble export, a capture (pcap, pcapng) of NetFlow v5, v9 or IPFIX, their bare
    messages, or what shorthaul collector wrote; what it is, its content tells. The ledger is made
    if it is not there. Given the same records again, in whatever files or order, nothing counts
    twice; after an interruption, run it again.
    """
    outputs.require_writable(out)
    with progress.shown() as show:
        ground = inputs.read_ground(given["cluster"], given["topology"], show)
        show.begin("counting flows")
        rules = Rules(given["longest_flow"] * 1_000, given["sampling"])
        told = _Work(by_kind(files), ground, rules, show).ingest(ledger)
    if form == "json":
        outputs.write(as_json(receipt_object(told)), out)
    else:
        outputs.write(receipt_text(told, outputs.screen(out)), out)


@dataclass(slots=True)
class _Work:
    """Files by what they are, what their flows are judged by, and what was counted until now."""

    files: Mapping[Kind, list[Path]]
    ground: inputs.Ground
    rules: Rules
    show: progress.Progress
    receipt: Receipt = field(default_factory=Receipt)

    def ingest(self, path: str) -> Reading:
        """Counts all of them, and tells what became of each."""
        where = Whereabouts(self.ground.snapshot, self.ground.distances)
        hubble = LedgerFiles(where.entry, self.show.advance, self.ground.network.places)
        exports, lines = (self.files.get(kind, []) for kind in (Kind.CAPTURE, Kind.LINES))
        captured = read_captures(exports, lines, self.rules)
        records = CaptureBatches(captured, self._owners(captured), self.ground.distances.known_tier)
        names = list(map(str, self.files.get(Kind.HUBBLE, [])))
        try:
            with Ledger(path) as ledger:
                self._take(ledger, hubble.batches(names) if names else ())
                self._take(ledger, records.batches(ledger.has, ledger.memories))
        except Refusing as error:
            told = f"{error} ({self.receipt.counted} records before it are counted)"
            raise Refusing(told) from error
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt(
                f"interrupted; {self.receipt.counted} records are counted; run it again, nothing "
                "counts twice"
            ) from error
        return Reading(
            hubble.lines + captured.lines,
            self.receipt.counted - records.extra,
            self.receipt.repeated + captured.repeated,
            self.receipt.refused,
            hubble.passed + captured.passed,
            (*self.ground.notes, *self._empty(), *hubble.warnings, *captured.warnings),
        )

    def _empty(self) -> list[str]:
        return [f"{path} is empty: nothing counted" for path in self.files.get(Kind.EMPTY, [])]

    def _take(self, ledger: Ledger, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self.receipt = self.receipt.plus(ledger.take([batch]))

    def _owners(self, captured: Captured) -> Ground:
        """Who had which address, as far as a cluster as it is now can tell."""
        snapshot, places = self.ground.snapshot, self.ground.network.places
        book = book_of(snapshot, captured.last_milliseconds, places)
        return Ground(book, directory_of(snapshot), nodes_of(snapshot), node_ends_of(snapshot))
