"""`shorthaul map`: who talks to whom, and across which tiers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from shorthaul.cli import inputs, options, outputs, progress
from shorthaul.cli.many_values import Command
from shorthaul.report.graph_files import graphml
from shorthaul.report.map_objects import map_object
from shorthaul.report.map_texts import map_text
from shorthaul.report.maps import Ground, TrafficMap, traffic_map
from shorthaul.report.note_texts import unique
from shorthaul.report.objects import as_json
from shorthaul.units import Objective


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, by their names."""

    flows: Sequence[str]
    cluster: Sequence[str]
    topology: str | None
    objective: str | None
    routing: str
    form: str
    out: str | None


@click.command(
    "map",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  shorthaul map --flows hubble/*.log\n"
    "  shorthaul map --cluster cluster.json --flows edges.csv -o json\n"
    "  shorthaul map --flows edges.csv -o graphml --out shop.graphml",
)
@options.together(
    options.flows,
    options.cluster(required=False),
    options.topology,
    options.objective,
    options.routing,
    options.output("table", "json", "graphml"),
    options.out,
)
def command(**given: Any) -> None:
    """Show who talks to whom, and how much.

    With --cluster, pods are put together by workload, and each edge tells across which tiers
    (host, rack, zone, region, beyond) its traffic goes.
    """
    asked = Asked(**given)
    outputs.require_writable(asked.out)
    with progress.shown() as show:
        traffic, notes = _read(asked, show)
    _write(traffic, unique(notes), asked)


def _read(asked: Asked, show: progress.Progress) -> tuple[TrafficMap, Sequence[str]]:
    objective = Objective(asked.objective) if asked.objective else None
    if not asked.cluster:
        network = inputs.read_network(asked.topology)
        traffic = inputs.read_traffic(asked.flows, objective, network, None, show)
        return traffic_map(traffic.graph, None, network.scale.anchors), traffic.notes
    paths = inputs.Paths(asked.cluster, asked.flows, asked.topology)
    found = inputs.read_inputs(paths, objective, asked.routing, show)
    ground = Ground(found.snapshot, found.distances, found.routed, found.routings)
    return traffic_map(found.graph, ground, found.network.scale.anchors), found.notes


def _write(traffic: TrafficMap, notes: Sequence[str], asked: Asked) -> None:
    match asked.form:
        case "json":
            text = as_json(map_object(traffic, notes))
        case "graphml":
            text = graphml(traffic, notes)
        case _:
            text = map_text(traffic, notes, outputs.screen(asked.out))
    outputs.write(text, asked.out)
