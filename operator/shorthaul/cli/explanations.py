"""`shorthaul explain`: why one pod moves, or every reason why it does not."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import click

from shorthaul.cli import options, outputs, progress, requests
from shorthaul.cli.many_values import Command
from shorthaul.errors import BadInput
from shorthaul.plan.explanations import explain, outside
from shorthaul.report.explanation_objects import explanation_object
from shorthaul.report.explanation_texts import explanation_text
from shorthaul.report.note_texts import unique
from shorthaul.report.objects import as_json
from shorthaul.report.screens import name
from shorthaul.units import PodRef

SUGGESTIONS = 3


@click.command(
    "explain",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  shorthaul explain shop/cart-7f --cluster cluster.json --flows hubble/*.log\n"
    "  shorthaul explain cart-7f --cluster live --flows edges.csv -o json",
)
@click.argument("pod")
@options.together(
    options.cluster(required=True),
    options.flows,
    options.policy,
    options.topology,
    options.objective,
    options.routing,
    options.max_moves,
    options.max_moves_percent,
    options.time_limit,
    options.min_hosts,
    options.seed,
    options.output("table", "json"),
    options.out,
)
def command(pod: str, form: str, out: str | None, **given: Any) -> None:
    """Explain why POD (namespace/name, or a name) moves, or every reason why it does not.

    Give it the options that the plan was made with.
    """
    outputs.require_writable(out)
    with progress.shown() as show:
        prepared = requests.prepare(requests.Asked(**given), show)
        ref = find_pod(pod, prepared.found.snapshot.pods)
        show.begin("searching")
        known = prepared.found
        explained = explain(prepared.request, ref, known.routings)
        found = outside(explained, known.graph, known.network.scale.anchors)
    notes = unique(prepared.notes)
    if form == "json":
        outputs.write(as_json(explanation_object(found, notes)), out)
        return
    text = explanation_text(found, prepared.found.distances, notes, outputs.screen(out))
    outputs.write(text, out)


def find_pod(asked: str, pods: Iterable[PodRef]) -> PodRef:
    """The pod that is meant by a name, with or without its namespace."""
    known = {str(ref): ref for ref in pods}
    if asked in known:
        return known[asked]
    named = [ref for ref in known.values() if ref.name == asked]
    if len(named) == 1:
        return named[0]
    if named:
        choices = ", ".join(name(str(ref)) for ref in named)
        raise BadInput(f"{len(named)} pods are called {name(asked)}: {choices}; add the namespace")
    near = _near(asked, known)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise BadInput(f"no pod {name(asked)} among the {len(known):,} of this cluster{hint}")


def _near(asked: str, known: Iterable[str]) -> list[str]:
    names = sorted(known)
    beginning = [one for one in names if asked in one][:SUGGESTIONS]
    return [name(one) for one in beginning or get_close_matches(asked, names, SUGGESTIONS)]
