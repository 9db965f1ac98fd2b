"""`shorthaul ledger`: who sent how much to whom, hour by hour, counted once and for good."""

import click

from shorthaul.cli import ledger_ingests, ledger_reports, ledger_upkeep


@click.group(
    "ledger",
    short_help="Keep and report exact traffic counts by workload, tier and hour.",
    epilog="\b\nExamples:\n"
    "  shorthaul ledger ingest hubble/*.log --ledger shop.ledger --cluster cluster.json\n"
    "  shorthaul ledger report --ledger shop.ledger --by source tier",
)
def command() -> None:
    """Keep exact counts of bytes, packets, connections and flow events by workload and hour.

    A record counts once, however often it is given; one process writes while any number read.
    """


command.add_command(ledger_ingests.command)
command.add_command(ledger_reports.command)
command.add_command(ledger_upkeep.carry)
command.add_command(ledger_upkeep.check)
