"""The traffic map as GraphML, for Gephi, yEd, Cytoscape and networkx itself."""

from collections.abc import Sequence

import networkx

from shorthaul.report.map_objects import end_object
from shorthaul.report.maps import MapEdge, TrafficMap
from shorthaul.report.screens import printable
from shorthaul.traffic.graphs import Edge, Vertex
from shorthaul.units import TIERS


def graphml(traffic: TrafficMap, notes: Sequence[str]) -> str:
    """A directed graph; edges run from client to server and carry their rates."""
    graph = networkx.DiGraph(
        unit=str(traffic.unit), seconds=traffic.seconds, notes="\n".join(map(printable, notes))
    )
    for item in traffic.edges:
        for end in (item.edge.client, item.edge.server):
            graph.add_node(_id(end), **_attributes(end))
        graph.add_edge(_id(item.edge.client), _id(item.edge.server), **_weights(item, traffic))
    lines = networkx.generate_graphml(graph)  # type: ignore[no-untyped-call]
    return "\n".join(lines) + "\n"


def _id(end: Vertex) -> str:
    return "/".join(_attributes(end).values())


def _attributes(end: Vertex) -> dict[str, str]:
    return {key: printable(text) for key, text in end_object(end).items()}


def _known(edge: Edge) -> dict[str, str | float | bool]:
    """Who told of an edge, when, how surely, whether all agree; what nobody knows is not there."""
    found: dict[str, str | float | bool | None] = {
        "sources": ", ".join(map(printable, edge.sources)) or None,
        "sources_agree": edge.sources_agree,
        "ends_agree": edge.ends_agree,
        "told_at_client": edge.ends.one if edge.ends else None,
        "told_at_server": edge.ends.other if edge.ends else None,
        "seen_seconds": edge.seen_seconds,
        "standard_error": edge.error.standard if edge.error else None,
        "margin": edge.error.margin if edge.error else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _weights(item: MapEdge, traffic: TrafficMap) -> dict[str, str | float | bool]:
    edge = item.edge
    weights: dict[str, str | float | bool] = {
        "weight": edge.rate,
        "forward": edge.forward,
        "backward": edge.backward,
        "both_ended": edge.both_ended,
        "unit": str(traffic.unit),
    }
    weights |= _known(edge)
    if item.tiers is not None:
        weights |= {str(tier): item.tiers[tier] for tier in TIERS}
    if item.tiers_by is not None:
        weights["tiers_by"] = str(item.tiers_by)
    return weights
