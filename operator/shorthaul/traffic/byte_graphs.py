"""The traffic map in bytes: windows of sources of bytes, and what Hubble saw of the same cluster.

Several sources are reconciled by `volume_averages`. Where events are at hand, `joins` keeps of the
bytes what was seen forwarded, or could not have been seen, and takes the client from there; without
events bytes count as they are told. Rows not seen lately carry no weight and are reported.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shorthaul.traffic.attribution import attribute
from shorthaul.traffic.both_ends import differing, of_edge
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.graphs import Edge, Leftover, TrafficGraph
from shorthaul.traffic.identities import Directory
from shorthaul.traffic.joins import Joining
from shorthaul.traffic.observations import DeclaredEdge, Observations
from shorthaul.traffic.owners import Owners
from shorthaul.traffic.pair_sums import PairSum
from shorthaul.traffic.pod_shares import pod_edges
from shorthaul.traffic.rate_errors import NONE
from shorthaul.traffic.volume_averages import Rates, average, told_whole
from shorthaul.traffic.volumes import Ends, PodEnds, Volume, gathered
from shorthaul.traffic.windows import STALE, WindowRules
from shorthaul.units import Unit


@dataclass(frozen=True, slots=True)
class Seen:
    """What Hubble saw: over the horizon, for clients and verdicts; and of pods at the same time."""

    joining: Joining
    pairs: Sequence[PairSum] = ()


def byte_graph(
    volumes: Mapping[str, Sequence[Volume]],
    rules: WindowRules,
    directory: Directory,
    seen: Seen | None = None,
) -> TrafficGraph:
    """The decayed average of the complete windows of all sources as a traffic map."""
    whole = told_whole(volumes)
    found = average(whole, rules)
    observations = _observations(found, whole, volumes)
    if seen is not None:
        observations = seen.joining.join(observations)
    graph = attribute(observations, directory)
    told: dict[PodEnds, float] = {}
    for rates in found.values():
        told.update(rates.pods)
    owners = Owners(directory, observations.workloads)
    pairs = pod_edges(graph.edges, told, seen.pairs if seen else (), owners)
    ends = [(edge.client, edge.server, edge.ends) for edge in graph.edges if edge.ends]
    warnings = *graph.warnings, *_differing(graph.edges), *differing(ends, "bytes/s")
    return replace(graph, pod_edges=pairs, warnings=warnings)


def _observations(
    found: Mapping[Ends, Rates],
    whole: Mapping[str, Sequence[Volume]],
    volumes: Mapping[str, Sequence[Volume]],
) -> Observations:
    windows = [window for its in whole.values() for window in its]
    begin = min((window.start_seconds for window in windows), default=None)
    end = max((window.end_seconds for window in windows), default=None)
    stale = [two for two, rates in found.items() if not rates.fresh]
    return Observations(
        unit=Unit.BYTES,
        declared=tuple(row for rates in found.values() if rates.fresh for row in _rows(rates)),
        earliest_nanoseconds=None if begin is None else begin * NANOSECONDS,
        latest_nanoseconds=None if end is None else end * NANOSECONDS,
        leftovers=(*_leftovers(windows), *_stale(stale)),
        warnings=_incomplete(volumes, whole),
    )


def _rows(rates: Rates) -> Iterable[DeclaredEdge]:
    """A row for each way that anything went, as an edge list has them."""
    for (client, server), ways in rates.edges.items():
        ends = of_edge((client, server), rates.ends) if rates.ends else None
        error = rates.errors.get((client, server))
        for rate, backward in zip(ways, (False, True), strict=True):
            if rate > 0:
                yield DeclaredEdge(
                    client,
                    server,
                    rate,
                    where=rates.sources[0],
                    backward=backward,
                    sources=rates.sources,
                    sources_agree=rates.agree,
                    ends=ends,
                    seen_seconds=rates.seen_seconds,
                    error=error,
                )
                error = error and NONE


def _leftovers(windows: Iterable[Volume]) -> tuple[Leftover, ...]:
    left = gathered(each for window in windows for each in window.leftovers)
    return tuple(Leftover(each.reason, each.records, each.example) for each in left)


def _stale(found: Sequence[Ends]) -> tuple[Leftover, ...]:
    if not found:
        return ()
    return (Leftover(STALE, len(found), f"{found[0][0]} – {found[0][1]}"),)


def _incomplete(
    volumes: Mapping[str, Sequence[Volume]], whole: Mapping[str, Sequence[Volume]]
) -> tuple[str, ...]:
    lacking = {
        source: len(its) - len(whole.get(source, ())) for source, its in sorted(volumes.items())
    }
    return tuple(
        f"{count} of {len(volumes[source])} windows of {source} are left out: they are incomplete"
        for source, count in lacking.items()
        if count
    )


def _differing(edges: Sequence[Edge]) -> tuple[str, ...]:
    compared = [edge for edge in edges if edge.sources_agree is not None]
    differing = [edge for edge in compared if not edge.sources_agree]
    if not differing:
        return ()
    first = differing[0]
    return (
        f"{len(differing)} of {len(compared)} edges that several sources tell of differ between "
        f"them (first: {first.client} → {first.server}, {', '.join(first.sources)}); the source "
        "that saw most counts",
    )
