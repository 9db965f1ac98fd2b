"""`shorthaul ledger carry` and `check`: old hours into totals, and whether all counts agree."""

import time

import click

from shorthaul.cli import ledger_options, options, outputs
from shorthaul.cli.many_values import Command
from shorthaul.errors import BadInput
from shorthaul.report import ledger_texts, quantities
from shorthaul.store import connections, readings
from shorthaul.store.ledgers import Ledger
from shorthaul.traffic.entries import HOUR_SECONDS


@click.command(
    "carry",
    cls=Command,
    epilog="\b\nExamples:\n  shorthaul ledger carry --ledger shop.ledger --before 2026-01-01T00:00",
)
@options.together(
    ledger_options.ledger,
    click.option(
        "--before",
        required=True,
        type=ledger_options.Hour(),
        metavar="TIME",
        help="The first full hour that stays by itself (2026-01-31T08:00, UTC).",
    ),
)
def carry(ledger: str, before: int) -> None:
    """Roll hours before a time into one total per sender, receiver and tier.

    Totals stay what they are. Records of those hours are refused from then on.
    """
    connections.require_file(ledger)
    if before * HOUR_SECONDS > time.time():
        raise BadInput(
            f"--before {ledger_texts.hour_text(before)} is not over yet; records still come for it"
        )
    with Ledger(ledger) as held:
        rows = held.carry(before)
    told = quantities.count(rows, "row")
    outputs.write(f"carried {told} from before {ledger_texts.hour_text(before)}\n", None)


@click.command(
    "check",
    cls=Command,
    epilog="\b\nExamples:\n  shorthaul ledger check --ledger shop.ledger",
)
@ledger_options.ledger
def check(ledger: str) -> None:
    """Check the file, and that the counters hold exactly the records that were taken."""
    problems = readings.disagreements(ledger)
    if problems:
        raise BadInput(f"{ledger}: {'; '.join(problems)}; put back a copy")
    outputs.write("sound: the counters hold exactly the records that were taken\n", None)
