"""`shorthaul frontier`: how much each further move still gains."""

from dataclasses import replace
from typing import Any

import click

from shorthaul.cli import options, outputs, progress, requests
from shorthaul.cli.many_values import Command
from shorthaul.plan.frontiers import frontier
from shorthaul.report.frontier_texts import frontier_object, frontier_text
from shorthaul.report.note_texts import unique
from shorthaul.report.objects import as_json


@click.command(
    "frontier",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  shorthaul frontier --cluster cluster.json --flows hubble/*.log\n"
    "  shorthaul frontier --cluster live --flows edges.csv -o json",
)
@options.together(
    options.cluster(required=True),
    options.flows,
    options.policy,
    options.topology,
    options.objective,
    options.routing,
    options.time_limit,
    options.min_hosts,
    options.seed,
    options.output("table", "json"),
    options.out,
)
def command(form: str, out: str | None, **given: Any) -> None:
    """Show the best gain for at most so many moves, and the knee.

    The knee is where further moves begin to pay less than the average one; `shorthaul plan
    --max-moves knee` stops there, as the operator does.
    """
    outputs.require_writable(out)
    with progress.shown() as show:
        prepared = requests.prepare(requests.Asked(**given), show)
        show.begin("searching")
        found = frontier(replace(prepared.request, tell=progress.search_of(show)))
    notes = unique(prepared.notes)
    if form == "json":
        outputs.write(as_json(frontier_object(found, notes)), out)
    else:
        outputs.write(frontier_text(found, notes, outputs.screen(out)), out)
