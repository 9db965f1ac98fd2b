"""The traffic map for programs: each edge with its ends, rates and tiers, and what is left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from shorthaul.report.maps import MapEdge, Rates, TrafficMap
from shorthaul.traffic.graphs import Vertex, kind_of
from shorthaul.units import TIERS


def map_object(traffic: TrafficMap, notes: Sequence[str]) -> Mapping[str, Any]:
    """The map as plain values; rates are in `unit`, shares sum to 1."""
    return {
        "unit": str(traffic.unit),
        "seconds": traffic.seconds,
        "rate": traffic.rate,
        "shares": _by_tier(traffic.shares),
        "edges": [_edge(item) for item in traffic.edges],
        "leftovers": [
            {"reason": left.reason, "records": left.records, "example": left.example}
            for left in traffic.leftovers
        ],
        "lostEvents": traffic.lost_events,
        "notes": list(notes),
    }


def _edge(item: MapEdge) -> Mapping[str, Any]:
    edge = item.edge
    return {
        "client": end_object(edge.client),
        "server": end_object(edge.server),
        "forward": edge.forward,
        "backward": edge.backward,
        "rate": edge.rate,
        "bothEnded": edge.both_ended,
        "tiers": _by_tier(item.tiers),
    }


def end_object(end: Vertex) -> Mapping[str, str]:
    """One end of an edge; a pod that no workload was found for is of kind Pod."""
    return {"namespace": end.namespace, "kind": kind_of(end), "name": end.name}


def _by_tier(rates: Rates | None) -> Mapping[str, float] | None:
    return None if rates is None else {str(tier): rates[tier] for tier in TIERS}
