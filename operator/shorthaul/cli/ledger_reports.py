"""`shorthaul ledger report`: what was counted, by what one wants to see it by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from shorthaul.cli import ledger_options, options, outputs
from shorthaul.cli.many_values import Command, ManyValues
from shorthaul.errors import BadInput
from shorthaul.report import ledger_texts
from shorthaul.report.objects import as_json
from shorthaul.store import readings
from shorthaul.traffic.entries import PARTS, UNKNOWN_TIER, Part
from shorthaul.units import TIERS


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, by their names."""

    ledger: str
    by: Sequence[str]
    source: str
    destination: str
    tier: str | None
    since: int | None
    until: int | None
    form: str
    out: str | None


@click.command(
    "report",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  shorthaul ledger report --ledger shop.ledger --by source tier\n"
    "  shorthaul ledger report --ledger shop.ledger --source 'shop/*' --tier region --by hour\n"
    "  shorthaul ledger report --ledger shop.ledger --by source hour -o csv --out shop.csv",
)
@options.together(
    ledger_options.ledger,
    click.option(
        "--by",
        cls=ManyValues,
        multiple=True,
        type=click.Choice([str(part) for part in PARTS]),
        help="What to tell apart; without it, source, destination and tier.",
    ),
    click.option(
        "--source",
        default="*",
        metavar="PATTERN",
        help="Only of these senders: namespace/name, with * and ?; a place outside: its name.",
    ),
    click.option("--destination", default="*", metavar="PATTERN", help="Only to these receivers."),
    click.option(
        "--tier",
        type=click.Choice([*map(str, TIERS), UNKNOWN_TIER]),
        help="Only what crossed this tier, as it was when it was counted.",
    ),
    click.option(
        "--since",
        type=ledger_options.Hour(),
        metavar="TIME",
        help="From this full hour on (2026-01-31T08:00, UTC).",
    ),
    click.option(
        "--until", type=ledger_options.Hour(), metavar="TIME", help="Up to this full hour."
    ),
    options.output("table", "json", "csv", "parquet"),
    options.out,
)
def command(**given: Any) -> None:
    """Show or export what a ledger has counted; also while a writer runs.

    Without a range of time, hours that are kept no longer by themselves are in the totals.
    """
    asked = Asked(**given)
    if asked.form == "parquet" and asked.out is None:
        raise click.UsageError("-o parquet is for files; give one with --out")
    if asked.since is not None and asked.until is not None and asked.since >= asked.until:
        raise click.UsageError("--since is not before --until; name a stretch of time")
    outputs.require_writable(asked.out)
    by = [Part(part) for part in asked.by] or [Part.SOURCE, Part.DESTINATION, Part.TIER]
    answer = readings.ask(
        asked.ledger,
        readings.Question(
            by, asked.source, asked.destination, asked.tier or "*", asked.since, asked.until
        ),
    )
    _write(answer, by, asked)


def _write(answer: readings.Answer, by: Sequence[Part], asked: Asked) -> None:
    balances, notes = answer.balances, _notes(answer, asked)
    match asked.form:
        case "json":
            text = as_json(ledger_texts.ledger_object(balances, by, notes))
        case "csv":
            text = ledger_texts.ledger_csv(balances, by)
        case "parquet":
            from shorthaul.cli.parquet_files import parquet

            content = parquet(ledger_texts.ledger_rows(balances, by), ledger_texts.columns(by))
            outputs.write_bytes(content, asked.out or "")
            return
        case _:
            text = ledger_texts.ledger_table(balances, by, notes, outputs.screen(asked.out))
    outputs.write(text, asked.out)


def _notes(answer: readings.Answer, asked: Asked) -> list[str]:
    if not answer.horizon:
        return []
    horizon = ledger_texts.hour_text(answer.horizon)
    if asked.since is None and asked.until is None:
        return [f"hours before {horizon} are in the totals, not by themselves"]
    if (asked.since or 0) < answer.horizon:
        if asked.until is not None and asked.until <= answer.horizon:
            raise BadInput(
                f"{asked.ledger}: hours before {horizon} are kept in totals only; ask for later "
                "ones, or without --since and --until"
            )
        return [f"hours before {horizon} are left out: they are kept in totals only"]
    return []
