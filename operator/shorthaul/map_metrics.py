"""The traffic map as the operator shows it: metrics with a bound, and files, made when asked for.

What a cycle plans on is put here as it is; nothing is computed before somebody asks, and then once
per map, in the thread that asked. The series are those of the newest map alone, so what is not in
it has none, and a map older than the traffic that the operator keeps has none at all. Names of
workloads are cluster-wide knowledge: how many edges have them is the owner's word, and where none
have there are no files either.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shorthaul.cluster.snapshots import Snapshot
from shorthaul.errors import BadInput
from shorthaul.report.map_objects import map_object
from shorthaul.report.map_summaries import REST, MapRow, MapSummary, heaviest, summary
from shorthaul.report.maps import TrafficMap, cluster_map
from shorthaul.report.objects import as_json
from shorthaul.report.screens import printable
from shorthaul.topology.distances import Distances
from shorthaul.traffic.graphs import TrafficGraph, Vertex, kind_of
from shorthaul.units import TIERS, Unit

FILE_EDGES = 10_000
"""Edges that a file has; it tells how many others there are."""
FORMS = ("json", "graphml")
_PARTS = ("namespace", "kind", "workload")
_ENDS = tuple(f"{end}_{part}" for end in ("client", "server") for part in _PARTS)
_NO_TIER = "unknown"


@dataclass(frozen=True, slots=True)
class MapRules:
    """How many edges are shown by name, and how long a map is shown that no newer one follows."""

    most_edges: int
    keep_seconds: float


class MapMetrics(Collector):
    """The maps that are shown, one per unit, to whoever scrapes or asks for a file."""

    def __init__(self, rules: MapRules, clock: Callable[[], float]) -> None:
        """Store the rules; there is no map before `show`."""
        self._rules, self._clock = rules, clock
        self._maps: Mapping[Unit, _Shown] = {}
        self._lock = threading.Lock()

    def show(
        self, graphs: Iterable[TrafficGraph], snapshot: Snapshot, distances: Distances
    ) -> None:
        """Takes the place of all maps until now; at most one graph per unit."""
        now = self._clock()
        self._maps = {graph.unit: _Shown(graph, snapshot, distances, now) for graph in graphs}

    def clear(self) -> None:
        """There is nothing to show any more."""
        self._maps = {}

    def collect(self) -> Iterator[Metric]:
        """All metrics of the maps; called by the scrape's thread."""
        with self._lock:
            told = [(shown.summary(self._rules.most_edges), age) for shown, age in self._current()]
        yield from _families(told)

    def file(self, form: str, unit: str = "") -> bytes:
        """One map as a file; raises BadInput with what to ask for instead."""
        if not self._rules.most_edges:
            raise BadInput(
                "the traffic map is not shown by name: --map-edges is 0; set it above 0 if "
                "whoever reaches this port may see who talks to whom in the whole cluster"
            )
        with self._lock:
            found = {shown.graph.unit: shown for shown, _ in self._current()}
            if not found:
                raise BadInput("there is no traffic map yet; ask again when a window has closed")
            known = ", ".join(found)
            if not unit and len(found) > 1:
                raise BadInput(f"there are maps in {known}; ask for one, as ?unit={min(found)}")
            if unit and unit not in set(found):
                raise BadInput(f"there is no map in {unit[:64]!r}; there is one in {known}")
            return found[Unit(unit) if unit else min(found)].file(form)

    def _current(self) -> list[tuple["_Shown", float]]:
        now, maps = self._clock(), self._maps
        aged = [(shown, max(0.0, now - shown.end_seconds)) for _, shown in sorted(maps.items())]
        return [(shown, age) for shown, age in aged if age <= self._rules.keep_seconds]


class _Shown:
    """A graph on its cluster, and what has been made of it."""

    def __init__(
        self, graph: TrafficGraph, snapshot: Snapshot, distances: Distances, now_seconds: float
    ) -> None:
        self.graph, self._snapshot, self._distances = graph, snapshot, distances
        self.end_seconds = graph.end_seconds or now_seconds
        self._files: dict[str, bytes] = {}
        self._summary: MapSummary | None = None

    def summary(self, most_edges: int) -> MapSummary:
        """What metrics tell."""
        if self._summary is None:
            scale = self._distances.scale.distances
            self._summary = summary(self._map, scale, most_edges)
        return self._summary

    def file(self, form: str) -> bytes:
        """What a file tells."""
        if form not in self._files:
            text = _written(self._map, self.graph.warnings, form)
            self._files[form] = text.encode(errors="backslashreplace")
        return self._files[form]

    @cached_property
    def _map(self) -> TrafficMap:
        return cluster_map(self.graph, self._snapshot, self._distances)


def _written(traffic: TrafficMap, warnings: Iterable[str], form: str) -> str:
    kept, notes = heaviest(traffic, FILE_EDGES)
    if form == "json":
        return as_json(map_object(kept, (*warnings, *notes)))
    from shorthaul.report.graph_files import graphml

    return graphml(kept, (*warnings, *notes))


def _families(told: list[tuple[MapSummary, float]]) -> Iterator[Metric]:
    rates = _gauge("edge_rate", "Traffic of the heaviest edges, and of the rest", "tier", *_ENDS)
    shares = GaugeMetricFamily(
        "shorthaul_traffic_share_ratio",
        "Share of the traffic whose tier is known, by the smallest tier both ends share, "
        "as observed where pods were seen talking, as named for places outside, else as routed",
        labels=["unit", "tier"],
    )
    whole = _gauge("rate", "All traffic of the map, in its unit")
    edges = _gauge("edges", "Edges of the map, and those shown by name", "state")
    distance = _gauge("mean_distance", "Mean distance that traffic travels, weighed by its rate")
    age = _gauge("age_seconds", "Time since the newest traffic of the map")
    lost = _gauge("lost_events", "Events that sources lost in the time of the map")
    left = _gauge("leftover_records", "Records that carry no weight in the map", "reason")
    agreeing = _gauge(
        "agreeing_edges", "Edges by whether those who told of them agree", "between", "state"
    )
    for found, seconds in told:
        unit = str(found.unit)
        for row in found.rows:
            rates.add_metric([unit, str(row.tier or _NO_TIER), *_names(row)], row.rate)
        for tier in TIERS:
            shares.add_metric([unit, str(tier)], found.shares[tier])
        whole.add_metric([unit], found.rate)
        edges.add_metric([unit, "known"], found.edges)
        edges.add_metric([unit, "shown"], found.shown)
        if found.mean_distance is not None:
            distance.add_metric([unit], found.mean_distance)
        age.add_metric([unit], seconds)
        lost.add_metric([unit], found.lost_events)
        for between, numbers in (("ends", found.ends), ("sources", found.sources)):
            agreeing.add_metric([unit, between, "agree"], numbers.agree)
            agreeing.add_metric([unit, between, "differ"], numbers.differ)
            agreeing.add_metric([unit, between, "alone"], numbers.alone)
        for leftover in found.leftovers:
            left.add_metric([unit, printable(leftover.reason)], leftover.records)
    yield from (rates, shares, whole, edges, distance, age, lost, left, agreeing)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"shorthaul_map_{name}", text, labels=["unit", *labels])


def _names(row: MapRow) -> list[str]:
    if row.ends is None:
        return [REST] * len(_ENDS)
    return [printable(text) for end in row.ends for text in _parts(end)]


def _parts(end: Vertex) -> tuple[str, str, str]:
    return end.namespace, kind_of(end), end.name
