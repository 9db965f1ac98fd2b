"""`shorthaul ledger ingest`: flow files into the ledger, each record once."""

from collections.abc import Sequence
from typing import Any

import click

from shorthaul.cli import inputs, ledger_options, options, outputs, progress
from shorthaul.cli.many_values import Command
from shorthaul.cluster.whereabouts import Whereabouts
from shorthaul.report.ledger_receipts import Reading, receipt_object, receipt_text
from shorthaul.report.objects import as_json
from shorthaul.store.connections import Refusing
from shorthaul.store.intakes import Receipt
from shorthaul.store.ledgers import Ledger
from shorthaul.telemetry.ledger_files import LedgerFiles


@click.command(
    "ingest",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  shorthaul ledger ingest hubble/*.log --ledger shop.ledger --cluster cluster.json\n"
    "  shorthaul ledger ingest day.log.gz --ledger shop.ledger --cluster live -o json",
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(), metavar="FILE...", callback=options.files
)
@options.together(
    ledger_options.ledger,
    options.cluster(required=True),
    options.topology,
    options.output("table", "json"),
    options.out,
)
def command(files: Sequence[str], ledger: str, form: str, out: str | None, **given: Any) -> None:
    """Count the flows of Hubble export FILEs (or folders of them) into a ledger.

    The ledger is made if it is not there. Given the same lines again, in whatever files or order,
    nothing counts twice; after an interruption, run it again.
    """
    outputs.require_writable(out)
    with progress.shown() as show:
        ground = inputs.read_ground(given["cluster"], given["topology"], show)
        where = Whereabouts(ground.snapshot, ground.distances)
        show.begin("counting flows")
        read = LedgerFiles(where.entry, show.advance, ground.network.places)
        receipt = _ingest(read, files, ledger)
    told = Reading(
        read.lines,
        receipt.counted,
        receipt.repeated,
        receipt.refused,
        read.passed,
        (*ground.notes, *read.warnings),
    )
    if form == "json":
        outputs.write(as_json(receipt_object(told)), out)
    else:
        outputs.write(receipt_text(told, outputs.screen(out)), out)


def _ingest(read: LedgerFiles, files: Sequence[str], path: str) -> Receipt:
    receipt = Receipt()
    try:
        with Ledger(path) as ledger:
            for batch in read.batches(files):
                receipt = receipt.plus(ledger.take([batch]))
    except Refusing as error:
        raise Refusing(f"{error} ({receipt.counted} records before it are counted)") from error
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(
            f"interrupted; {receipt.counted} records are counted; run it again, nothing counts "
            "twice"
        ) from error
    return receipt
