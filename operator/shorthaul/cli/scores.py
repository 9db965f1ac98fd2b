"""`shorthaul score`: what a placement costs by the slow reference, now and after a plan."""

from collections.abc import Sequence
from typing import Any

import click

from shorthaul.cli import options, outputs, plan_files, progress, requests
from shorthaul.cli.many_values import Command
from shorthaul.plan.plans import Recommendation
from shorthaul.plan.scores import Score, score
from shorthaul.report.note_texts import unique
from shorthaul.report.objects import as_json
from shorthaul.report.score_texts import score_object, score_text


@click.command(
    "score",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  shorthaul score --cluster cluster.json --flows hubble/*.log\n"
    "  shorthaul score --cluster cluster.json --flows edges.csv --plan plan.json -o json",
)
@options.together(
    options.cluster(required=True),
    options.flows,
    click.option(
        "--plan",
        type=click.Path(),
        metavar="FILE",
        help="A plan made before (-o json or yaml); its moves are scored against today.",
    ),
    options.topology,
    options.objective,
    options.routing,
    options.output("table", "json"),
    options.out,
)
def command(plan: str | None, form: str, out: str | None, **given: Any) -> None:
    """Score a placement: its cost and locality, now and after a plan.

    All traffic is priced edge by edge and pod by pod by the reference, which shares nothing with
    the search, so that a plan can be checked by something other than what made it.
    """
    outputs.require_writable(out)
    earlier = plan_files.read_plan(plan) if plan else None
    with progress.shown() as show:
        prepared = requests.prepare(requests.Asked(**given), show)
        show.begin("scoring")
        moves: plan_files.Placements = ()
        routing: Sequence[Recommendation] = ()
        notes: Sequence[str] = prepared.notes
        if earlier is not None:
            routing = plan_files.routing(earlier)
            moves = plan_files.placements(earlier, prepared.found.snapshot)
            changed = plan_files.digest_notes(earlier, prepared.request.digests)
            notes = unique((*notes, *changed))
        found = score(prepared.request, moves, routing)
    planned = None if earlier is None else len(earlier.moves)
    outputs.write(_rendered(found, planned, notes, form, out), out)


def _rendered(
    found: Score, moves: int | None, notes: Sequence[str], form: str, out: str | None
) -> str:
    if form == "json":
        return as_json(score_object(found, moves, notes))
    return score_text(found, moves, notes, outputs.screen(out))
