"""Traffic over fixed windows of time, averaged with a half-life: what the operator plans on.

Silence is not zero traffic. A node whose observer fell silent, or lost too many events, is blind
in that window, and the window says nothing about pairs that this node reports. A window of which
too much was lost says nothing at all. Single-ended pairs (only one end's node saw them) and pairs
not seen lately attract nothing here and are reported; a pair of pods that was replaced is not
forgotten while their workloads still talk. Late, early and surplus events were refused
by `recorders`; their counts come along.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from shorthaul.traffic.attribution import PLACES
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.graphs import Leftover, Vertex
from shorthaul.traffic.identities import Directory
from shorthaul.traffic.observations import AnchorSum, Observations, ObserverSum
from shorthaul.traffic.owners import Owners
from shorthaul.traffic.pair_averages import fresh, pair_averages
from shorthaul.traffic.pair_errors import errors_by_owner
from shorthaul.traffic.pair_sums import PairSums, pair_sums
from shorthaul.traffic.sightings import both_ended
from shorthaul.traffic.window_averages import Ends, Told, averages, split_stale
from shorthaul.units import NodeName, PodRef, Unit, WorkloadRef

SINGLE_ENDED = "reported by one end's node only"
STALE = "not seen in the newest windows"


@dataclass(frozen=True, slots=True)
class WindowRules:
    """How long windows are, how long they are waited for, kept and remembered.

    `lateness_seconds` is how long after its end a window still takes events; `lead_seconds` how
    far ahead of our clock an event's time may be. `half_life_windows` is the age at which a window
    weighs half; a pair without events for `stale_windows` is stale.
    """

    window_seconds: int = 60
    lateness_seconds: int = 30
    lead_seconds: int = 5
    kept_windows: int = 60
    half_life_windows: float = 10.0
    stale_windows: int = 15
    lost_share_limit: float = 0.05
    pair_limit: int = 200_000

    def __post_init__(self) -> None:
        least = {"window_seconds": 1, "kept_windows": 1, "stale_windows": 1, "pair_limit": 1}
        for name, limit in least.items():
            if getattr(self, name) < limit:
                raise ValueError(f"{name} {getattr(self, name)} is below {limit}")
        if not (0 < self.half_life_windows < math.inf and 0 <= self.lost_share_limit <= 1):
            raise ValueError(
                f"half_life_windows {self.half_life_windows} is not above 0, or lost_share_limit "
                f"{self.lost_share_limit} is no share"
            )


@dataclass(frozen=True, slots=True)
class Window:
    """One closed window; `blind` are nodes that fell silent in it or lost too much."""

    start_seconds: int
    seconds: int
    pairs: PairSums = field(default_factory=pair_sums)
    observers: Mapping[NodeName, ObserverSum] = field(default_factory=dict)
    blind: frozenset[NodeName] = frozenset()
    usable: bool = True
    surplus_events: int = 0
    anchored: Mapping[Ends, AnchorSum] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether it can be taken as all that happened."""
        return self.usable and not self.blind

    @property
    def end_seconds(self) -> int:
        """Where it ends."""
        return self.start_seconds + self.seconds

    @property
    def lost_events(self) -> int:
        """Events that observers lost in it."""
        return sum(observer.lost_events for observer in self.observers.values())


def observations_of(
    windows: Sequence[Window],
    rules: WindowRules,
    directory: Directory,
    workloads: Mapping[PodRef, WorkloadRef] | None = None,
) -> Observations:
    """The decayed average of usable windows, oldest first, pod by pod, and what observers did."""
    usable = [window for window in windows if window.usable]
    seconds = sum(window.seconds for window in usable)
    weights, newest = _weights(usable, rules), slice(-rules.stale_windows, None)
    owner = partial(_owner, owners=Owners(directory, workloads or {}))
    told = [Told(window.seconds, window.blind, window.pairs) for window in usable]
    pairs = pair_averages(told, weights)
    lately, both = fresh(pairs, told[newest], owner), both_ended(pairs, directory)
    outside = [Told(window.seconds, window.blind, window.anchored) for window in usable]
    anchored, unseen = split_stale(averages(outside, weights), outside[newest], owner)
    counting = pairs.take(lately & both)
    return Observations(
        unit=Unit.FLOWS,
        pairs=counting,
        errors=errors_by_owner(told, weights, counting, owner),
        anchored=tuple(anchored),
        workloads=workloads or {},
        observers=_observers(usable),
        earliest_nanoseconds=(usable[-1].end_seconds - seconds) * NANOSECONDS if usable else None,
        latest_nanoseconds=usable[-1].end_seconds * NANOSECONDS if usable else None,
        lost_events=sum(window.lost_events for window in windows),
        leftovers=(
            *_left_pairs(SINGLE_ENDED, pairs.take(lately & ~both)),
            *_left_pairs(STALE, pairs.take(~lately)),
            *_left_places(PLACES + STALE, unseen),
            *_surplus(windows, rules),
        ),
        warnings=_warnings(windows),
    )


def _observers(windows: Sequence[Window]) -> Mapping[NodeName, ObserverSum]:
    """What each node's observer contributed to all windows."""
    lines, lost = Counter[NodeName](), Counter[NodeName]()
    for window in windows:
        for name, sums in window.observers.items():
            lines[name] += sums.lines
            lost[name] += sums.lost_events
    return {name: ObserverSum(lines[name], lost[name]) for name in sorted(lines)}


def _weights(windows: Sequence[Window], rules: WindowRules) -> list[float]:
    """By age in time, so that a window that is left out does not make the others younger."""
    life = rules.half_life_windows * rules.window_seconds
    return [0.5 ** ((windows[-1].end_seconds - window.end_seconds) / life) for window in windows]


def _owner(end: Vertex, owners: Owners) -> Vertex:
    return (owners.of(end) if isinstance(end, PodRef) else None) or end


def _left_pairs(reason: str, pairs: PairSums) -> tuple[Leftover, ...]:
    if not len(pairs):
        return ()
    client, server = pairs.ends(0)
    return (Leftover(reason, _events(pairs.events.tolist()), f"{client} → {server}"),)


def _left_places(reason: str, sums: Sequence[AnchorSum]) -> tuple[Leftover, ...]:
    if not sums:
        return ()
    events = _events(each.events for each in sums)
    return (Leftover(reason, events, f"{sums[0].client} → {sums[0].server}"),)


def _events(each: Iterable[float]) -> int:
    return math.ceil(math.fsum(each))


def _surplus(windows: Sequence[Window], rules: WindowRules) -> tuple[Leftover, ...]:
    events = sum(window.surplus_events for window in windows)
    reason = f"beyond {rules.pair_limit} pairs of pods in a window"
    return (Leftover(reason, events),) if events else ()


def _warnings(windows: Sequence[Window]) -> tuple[str, ...]:
    unusable = [window for window in windows if not window.usable]
    blind = sorted({node for window in windows for node in window.blind})
    warnings = []
    if unusable:
        warnings.append(
            f"{len(unusable)} of {len(windows)} windows are left out: too many events were lost"
        )
    if blind:
        warnings.append(
            f"{len(blind)} nodes fell silent or lost events in some windows (first: {blind[0]}); "
            "what they report is averaged over the others"
        )
    return tuple(warnings)
