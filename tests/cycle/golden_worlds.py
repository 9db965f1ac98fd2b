"""Reads the small worlds of `worlds/`: nodes, pods and edges in a few words each.

A node is [name, zone, rack, cpu]; an edge is [client, server, rate, routing], its ends
"Kind/name" in namespace shop; a pod may ask to be spread over zones or kept apart by host.
"""

import json
from pathlib import Path
from typing import Any

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.plan.requests import Request
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import Routing, Unit
from worlds import builders

FOLDER = Path(__file__).parent / "worlds"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def request(name: str) -> Request:
    """The request of planning one world."""
    raw = json.loads((FOLDER / f"{name}.json").read_text())
    snapshot = builders.cluster(
        [builders.node(one, zone, rack, cpu=cpu) for one, zone, rack, cpu in raw["nodes"]],
        [_pod(**pod) for pod in raw["pods"]],
        [builders.budget(one) for one in raw.get("budgets", [])],
    )
    labels = {one: node.labels for one, node in snapshot.nodes.items()}
    edges = tuple(
        RoutedEdge(_end(client), _end(server), float(rate), Routing(routing))
        for client, server, rate, routing in raw["edges"]
    )
    return Request(snapshot, edges, Unit.BYTES, measure(labels, DEFAULT_SCALE))


def _pod(name: str, on: str, spread: str = "", apart: str = "", **more: Any) -> Any:
    app = name.rpartition("-")[0]
    if spread:
        more["spread"] = (builders.spread(builders.ZONE, app=app),)
    if apart:
        more["anti_affinity"] = (builders.apart(app=app),)
    return builders.pod(name, on, **more)


def _end(text: str) -> Any:
    kind, _, name = text.partition("/")
    return builders.reference(name) if kind == "Pod" else builders.workload_reference(name, kind)
