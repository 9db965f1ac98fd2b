"""The traffic as it is planned on: one map per unit that the sources of flows give.

Each objective has one unit, and units are never mixed: `flows` and `latency` are planned on events,
`bytes` and `cost` on bytes. Nothing stands in for a unit that no source gives; whoever would rather
have a plan by events asks for `flows`. A plan is verified in the unit of its promise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shorthaul.cluster.directories import directory_of
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.plan.views import Traffic
from shorthaul.traffic.attribution import attribute
from shorthaul.traffic.byte_graphs import Seen, byte_graph
from shorthaul.traffic.graphs import SourceState
from shorthaul.traffic.identities import Directory
from shorthaul.traffic.joins import Joining
from shorthaul.traffic.observations import Observations
from shorthaul.traffic.pair_sums import PairSum
from shorthaul.traffic.volume_averages import told_whole
from shorthaul.traffic.volumes import Volume, without
from shorthaul.traffic.windows import Window, WindowRules, observations_of
from shorthaul.units import PodRef, Unit, WorkloadRef

STALE_WINDOWS = 5
STALE_SECONDS = 60.0
_GIVERS = {
    Unit.BYTES: "make one of a type that counts bytes, such as Prometheus, or choose objective "
    "flows, which weighs by events",
    Unit.FLOWS: "make one of type HubbleRelay or HubbleExport, or choose objective bytes or cost",
}


@dataclass(frozen=True, slots=True)
class TrafficMaps:
    """The traffic by unit; a unit without any is one that no source gives."""

    units: Mapping[Unit, Traffic] = field(default_factory=dict)

    def of(self, unit: Unit) -> Traffic:
        """The traffic in a unit, or why there is none."""
        return self.units.get(unit) or Traffic(None, hindrance=_unavailable(unit))


@dataclass(frozen=True, slots=True)
class Gathered:
    """What has been taken in: windows of events and of bytes, oldest first.

    `units` are those that trusted sources give, and `sources` is how each of those does;
    `lag_seconds` is how long after its end a window of bytes is asked for at most.
    """

    units: frozenset[Unit]
    rules: WindowRules
    windows: Sequence[Window] = ()
    workloads: Mapping[PodRef, WorkloadRef] = field(default_factory=dict)
    volumes: Mapping[str, Sequence[Volume]] = field(default_factory=dict)
    lag_seconds: float = 0.0
    sources: Mapping[Unit, Mapping[str, SourceState]] = field(default_factory=dict)


def hindered(reason: Reason) -> TrafficMaps:
    """No traffic in any unit, for one reason."""
    return TrafficMaps({unit: Traffic(None, hindrance=reason) for unit in Unit})


def maps_of(found: Gathered, snapshot: Snapshot, now_seconds: float) -> TrafficMaps:
    """A map for each unit that is given."""
    directory = directory_of(snapshot)
    events = _events(found, directory) if Unit.FLOWS in found.units else None
    units: dict[Unit, Traffic] = {}
    if events is not None:
        by_events = _by_events(found.windows, events, directory)
        units[Unit.FLOWS] = _known(by_events, found.sources.get(Unit.FLOWS, {}))
    if Unit.BYTES in found.units:
        by_bytes = _by_bytes(found, events, directory, now_seconds)
        units[Unit.BYTES] = _known(by_bytes, _byte_sources(found))
    return TrafficMaps(units)


def _known(traffic: Traffic, sources: Mapping[str, SourceState]) -> Traffic:
    """The same, with how its sources do."""
    if traffic.average is None:
        return traffic
    return replace(traffic, average=replace(traffic.average, sources=sources))


def _byte_sources(found: Gathered) -> Mapping[str, SourceState]:
    """How sources of bytes do; what they told in windows that are not whole says nothing."""
    whole = told_whole(found.volumes)
    newest = {source: windows[-1].end_seconds for source, windows in whole.items()}
    return {
        source: replace(state, newest_seconds=newest.get(source))
        for source, state in found.sources.get(Unit.BYTES, {}).items()
    }


@dataclass(frozen=True, slots=True)
class _Events:
    """Windows of events pod by pod: averaged, and each usable one alone, by its start."""

    average: Observations
    windows: Mapping[int, Observations]

    def seen(self, directory: Directory) -> Seen:
        """What they tell of clients and verdicts, and of pods over the horizon."""
        return Seen(Joining(self.average, directory), self.average.pairs)

    def pairs(self, start_seconds: int) -> Sequence[PairSum]:
        """Which pods talked in one window, as far as that is known."""
        found = self.windows.get(start_seconds)
        return () if found is None else found.pairs


def _events(found: Gathered, directory: Directory) -> _Events:
    def observed(windows: Sequence[Window]) -> Observations:
        return observations_of(windows, found.rules, directory, found.workloads)

    usable = [window for window in found.windows if window.usable]
    return _Events(
        observed(found.windows), {window.start_seconds: observed([window]) for window in usable}
    )


def _by_events(windows: Sequence[Window], events: _Events, directory: Directory) -> Traffic:
    """Windows of events as planning takes them; nothing is planned right after an unusable one."""
    if not windows:
        return Traffic(None)
    if not windows[-1].usable:
        return Traffic(None, hindrance=Reason("FlowsLost", "the last window is not usable"))
    return Traffic(
        attribute(events.average, directory),
        tuple(attribute(each, directory) for each in events.windows.values()),
    )


def _by_bytes(
    found: Gathered, events: _Events | None, directory: Directory, now_seconds: float
) -> Traffic:
    """Windows of bytes as planning takes them, joined with events where a source gives those.

    The last windows are those that every source told whole which counts for any edge, so that one
    that is silent is not taken for less traffic. Which pods talked in each is what was seen in it.
    """
    whole = told_whole(found.volumes)
    if not whole or (events is not None and not events.windows):
        return Traffic(None)
    seen = None if events is None else events.seen(directory)
    average = byte_graph(found.volumes, found.rules, directory, seen)
    counting = {edge.sources[0] for edge in average.edges if edge.sources}
    told = _by_window(whole, counting)
    newest = max(told, default=0) + found.rules.window_seconds
    if (stale := _stale(now_seconds - newest, found, counting)) is not None:
        return Traffic(None, hindrance=stale)
    graphs = []
    for start, volumes in sorted(told.items()):
        then = seen
        if seen is not None and events is not None:
            then = replace(seen, pairs=events.pairs(start))
        graphs.append(byte_graph(volumes, found.rules, directory, then))
    return Traffic(average, tuple(graphs))


def _by_window(
    whole: Mapping[str, Sequence[Volume]], counting: set[str]
) -> Mapping[int, Mapping[str, Sequence[Volume]]]:
    """The windows that all sources that count told whole, with what every source said of them."""
    found: dict[int, dict[str, Sequence[Volume]]] = {}
    for source, windows in whole.items():
        for window in windows:
            found.setdefault(window.start_seconds, {})[source] = (window,)
    return {start: told for start, told in found.items() if counting <= told.keys()}


def _stale(age_seconds: float, found: Gathered, counting: set[str]) -> Reason | None:
    """Why bytes are too old to plan on; a source that has fallen silent moves nothing."""
    patience = max(STALE_SECONDS, STALE_WINDOWS * found.rules.window_seconds) + found.lag_seconds
    if age_seconds <= patience:
        return None
    names = ", ".join(sorted(counting)) or "the sources"
    return Reason(
        "BytesStale",
        f"the last whole window of bytes of {names} ended {age_seconds:.0f} s ago, more than "
        f"{patience:.0f} s{_without(found, counting)}; see the FlowSource's status",
    )


def _without(found: Gathered, counting: set[str]) -> str:
    """Who has not told of the newest windows, where that is known."""
    newest = (found.volumes[source][-1] for source in sorted(counting) if found.volumes.get(source))
    return without(each for volume in newest for each in volume.missing)


def _unavailable(unit: Unit) -> Reason:
    return Reason("UnitUnavailable", f"no trusted FlowSource gives {unit}; {_GIVERS[unit]}")
