"""`shorthaul ledger`: who sent how much to whom, hour by hour, counted once and for good."""

from collections.abc import Mapping

import click

from shorthaul.cli.late_commands import Late, LateCommands

COMMANDS: Mapping[str, Late] = {
    "carry": ("shorthaul.cli.ledger_upkeep:carry", "Roll old hours into totals."),
    "check": ("shorthaul.cli.ledger_upkeep:check", "Check that a ledger is sound."),
    "ingest": ("shorthaul.cli.ledger_ingests:command", "Count flow files into a ledger."),
    "report": ("shorthaul.cli.ledger_reports:command", "Show or export what was counted."),
}


@click.group(
    "ledger",
    cls=LateCommands,
    late=COMMANDS,
    epilog="\b\nExamples:\n"
    "  shorthaul ledger ingest hubble/*.log --ledger shop.ledger --cluster cluster.json\n"
    "  shorthaul ledger report --ledger shop.ledger --by source tier",
)
def command() -> None:
    """Keep exact counts of bytes, packets, connections and flow events by workload and hour.

    A record counts once, however often it is given; one process writes while any number read.
    """
