"""What a live source of flows is to the rest of Shorthaul: something that can be read again.

One way to read, so that a new source is one module. A reading is bounded; who reads decides how
often. A source that is in trouble says so in its health and goes on; it raises only when it can
never work.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from shorthaul.cluster.snapshots import Snapshot
from shorthaul.traffic.flows import AnchorFlow, Flow, Heard, Lost, Unread
from shorthaul.traffic.graphs import Leftover
from shorthaul.traffic.volumes import Volume
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import NodeName, PodRef, WorkloadRef

if TYPE_CHECKING:
    from shorthaul.store.keepers import Keeper
    from shorthaul.telemetry.live_books import LiveBook


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source is doing: totals since its start, and what it has not read yet.

    `newest_nanoseconds` is the time of the newest flow read, 0 before the first; `silent` is how
    many that should be heard are not; `troubles` are the present ones, one line each.
    """

    files: int = 0
    lines: int = 0
    flows: int = 0
    bad_lines: int = 0
    lost_events: int = 0
    lag_bytes: int = 0
    newest_nanoseconds: int = 0
    truncations: int = 0
    silent: int = 0
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """The nodes that a source knows of, and those whose observers it hears now."""

    known: frozenset[NodeName] = frozenset()
    connected: frozenset[NodeName] = frozenset()

    @property
    def missing(self) -> tuple[NodeName, ...]:
        """The nodes that it is blind to."""
        return tuple(sorted(self.known - self.connected))


@dataclass(frozen=True, slots=True)
class SourceReading:
    """What came since the reading before; `caught_up` tells that there was no more to read.

    `ignored` and `leftovers` are totals since the start, as in `Observations`. `coverage` is None
    for a source that cannot know which nodes it does not hear. A source of bytes tells `volumes`,
    closed windows on the grid, in any order; one that is told again counts once. `anchored` are
    events with named places outside.
    """

    flows: Collection[Flow] = ()
    heard: tuple[Heard, ...] = ()
    lost: tuple[Lost, ...] = ()
    unread: tuple[Unread, ...] = ()
    workloads: Mapping[PodRef, WorkloadRef] = field(default_factory=dict)
    ignored: Mapping[str, int] = field(default_factory=dict)
    leftovers: tuple[Leftover, ...] = ()
    health: SourceHealth = field(default_factory=SourceHealth)
    caught_up: bool = True
    coverage: Coverage | None = None
    volumes: tuple[Volume, ...] = ()
    anchored: tuple[AnchorFlow, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a source is opened with: the grid of windows, how far back, and the cluster as it is.

    `since_nanoseconds` is from when on files count at first, None for what is new only; at most
    `kept_seconds` are kept of the past. The snapshot is None while the cluster has not been read.
    `book` tells who held addresses, `ledger` keeps what was counted; None where there is none.
    """

    rules: WindowRules
    snapshot: Callable[[], Snapshot | None]
    since_nanoseconds: int | None
    kept_seconds: float
    book: "LiveBook | None" = None
    ledger: "Keeper | None" = None


class Source(Protocol):
    """A live source of flows."""

    async def read(self) -> SourceReading:
        """What is new, at most a bounded batch."""
        ...

    def close(self) -> None:
        """Lets go of files and connections."""
        ...
