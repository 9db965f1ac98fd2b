"""The traffic map for programs: each edge with its ends, rates and tiers, and what is left out.

Times are seconds since the epoch; `margin` is half the 95 % interval around `rate`. What nobody
knows is null: files tell of no sources, edge lists of no errors, and only flow records tell both
ends apart.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shorthaul.report.maps import MapEdge, Rates, Routings, TrafficMap
from shorthaul.traffic.end_sums import EndSums
from shorthaul.traffic.graphs import SourceState, Vertex, kind_of
from shorthaul.units import TIERS


def map_object(traffic: TrafficMap, notes: Sequence[str]) -> Mapping[str, Any]:
    """The map as plain values; rates are in `unit`, shares sum to 1."""
    return {
        "unit": str(traffic.unit),
        "seconds": traffic.seconds,
        "endSeconds": traffic.end_seconds or None,
        "rate": traffic.rate,
        "shares": _by_tier(traffic.shares),
        "edges": [_edge(item) for item in traffic.edges],
        "routings": routing_objects(traffic.routings),
        "leftovers": [
            {"reason": left.reason, "records": left.records, "example": left.example}
            for left in traffic.leftovers
        ],
        "lostEvents": traffic.lost_events,
        "sources": {name: _source(state) for name, state in traffic.sources.items()},
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
        "standardError": edge.error.standard if edge.error else None,
        "margin": edge.error.margin if edge.error else None,
        "bothEnded": edge.both_ended,
        "sources": list(edge.sources),
        "sourcesAgree": edge.sources_agree,
        "toldAtEnds": _ends(edge.ends),
        "endsAgree": edge.ends_agree,
        "seenSeconds": edge.seen_seconds,
        "tiers": _by_tier(item.tiers),
        "tiersBy": item.tiers_by,
    }


def _ends(ends: EndSums | None) -> Mapping[str, float] | None:
    return None if ends is None else {"client": ends.one, "server": ends.other}


def _source(state: SourceState) -> Mapping[str, float | None]:
    return {
        "coverageShare": state.coverage_share,
        "lostShare": state.lost_share,
        "newestSeconds": state.newest_seconds,
    }


def end_object(end: Vertex) -> Mapping[str, str]:
    """One end of an edge; a pod that no workload was found for is of kind Pod."""
    return {"namespace": end.namespace, "kind": kind_of(end), "name": end.name}


def routing_objects(routings: Routings | None) -> Sequence[Mapping[str, Any]] | None:
    """How each server is routed to, and by what that was told."""
    if routings is None:
        return None
    return [
        {
            **end_object(server),
            "routing": str(told.routing),
            "singlePods": told.pinned,
            "reason": told.reason,
        }
        for server, told in routings.items()
    ]


def _by_tier(rates: Rates | None) -> Mapping[str, float] | None:
    return None if rates is None else {str(tier): rates[tier] for tier in TIERS}
