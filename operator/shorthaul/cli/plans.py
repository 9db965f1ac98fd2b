"""`shorthaul plan`: which pods to move where, what it gains, and why the others stay."""

from dataclasses import replace
from typing import Any

import click

from shorthaul.cli import options, outputs, progress, requests
from shorthaul.cli.many_values import Command
from shorthaul.plan import manifests
from shorthaul.plan.frontiers import frontier
from shorthaul.plan.joint_planning import make_joint_plan
from shorthaul.plan.planning import make_plan
from shorthaul.plan.plans import Plan
from shorthaul.plan.requests import Request
from shorthaul.report.frontier_texts import curve_of
from shorthaul.report.matrices import heading_tier, matrix
from shorthaul.report.note_texts import unique
from shorthaul.report.objects import as_json, as_yaml
from shorthaul.report.pages import Curve, Heat, page
from shorthaul.report.plan_texts import plan_text
from shorthaul.solve import costs

WORTH_MAKING = 2
MOST_PODS_OF_A_CURVE = 1000


@click.command(
    "plan",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  kubectl get nodes,namespaces,pods,services,endpointslices,deployments,replicasets,\\\n"
    "    statefulsets,daemonsets,jobs,pdb,pvc,pv,sc,csinodes,quota -A -o json > cluster.json\n"
    "  shorthaul plan --cluster cluster.json --flows hubble/*.log\n"
    "  shorthaul plan --cluster live --flows edges.csv --max-moves knee\n"
    "  shorthaul plan --cluster cluster.json --flows edges.csv -o html --out plan.html",
)
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
    options.recommend_routing,
    options.endpoint_load_limit,
    options.bound,
    options.output("table", "json", "yaml", "html"),
    options.out,
    click.option(
        "--detailed-exitcode",
        is_flag=True,
        help="Exit with 2 when there are moves worth making, 0 when there are none.",
    ),
)
def command(form: str, out: str | None, detailed_exitcode: bool, **given: Any) -> int:
    """Plan which pods to move where, so that their traffic travels least.

    Prints ordered moves with their gain, the pods that stay with the reason, and a bound on what
    any placement could gain. Changes nothing in the cluster.
    """
    outputs.require_writable(out)
    with progress.shown() as show:
        prepared = requests.prepare(requests.Asked(**given), show)
        show.begin("searching")
        request = replace(prepared.request, tell=progress.search_of(show))
        plan = _made(request, prepared.asked)
    outputs.write(_rendered(plan, prepared, form, out), out)
    return WORTH_MAKING if detailed_exitcode and plan.moves else 0


def _made(request: Request, asked: requests.Asked) -> Plan:
    if not asked.recommend_routing:
        return make_plan(request)
    return make_joint_plan(request, asked.endpoint_load_limit)


def _rendered(plan: Plan, prepared: requests.Prepared, form: str, out: str | None) -> str:
    notes = unique((*prepared.notes, *plan.notes))
    distances = prepared.found.distances
    match form:
        case "json" | "yaml":
            made = manifests.manifest(replace(plan, notes=tuple(notes)))
            return as_json(made) if form == "json" else as_yaml(made)
        case "html":
            return page(
                plan, distances, notes, _heat(plan, prepared.request), _curve(prepared.request)
            )
        case _:
            return plan_text(plan, distances, notes, outputs.screen(out))


def _curve(request: Request) -> Curve | None:
    """The frontier takes a dozen searches; a page of a large cluster goes without it."""
    small = len(request.snapshot.pods) <= MOST_PODS_OF_A_CURVE
    return curve_of(frontier(request)) if small else None


def _heat(plan: Plan, request: Request) -> Heat | None:
    tier = heading_tier(request.distances)
    if tier is None:
        return None
    now = costs.places(request.snapshot)
    then = now.moved([(move.pod, move.target) for move in plan.moves])
    before, after = (
        matrix(request.attracting, where, request.distances, tier) for where in (now, then)
    )
    return Heat(before, after, str(request.unit))
