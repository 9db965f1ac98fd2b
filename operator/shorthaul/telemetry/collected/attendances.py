"""Whose records a window is without: exporters that a collector told of which has said nothing.

A collector that is silent takes nothing away from a window if nobody sends to it. So what counts is
the exporters: each was told of by one collector, and goes on to another one when its own is gone.
From the window after the one in which that one told of it first, it is heard again, and nothing of
it is missing. One that two collectors told of in the same windows, again and again, spreads its
records, so that one of the two does not tell for both. An exporter whose node has left the cluster
speaks for nobody that is still there. Values only, no I/O; what is kept is bounded.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from shorthaul.traffic.addresses.parties import Address, address_text
from shorthaul.units import NodeName

MOST_EXPORTERS = 65_536
"""Of more, those that were not told of for longest are forgotten, and not missed any more."""

SPREADS_FROM = 2
"""Common windows of two collectors, from which on it is no move from one to the other."""

MOST_NAMED = 5
_NEVER = -1


class Missing(NamedTuple):
    """A collector that has not told of a window, and whom only it could tell of."""

    collector: str
    exporters: tuple[str, ...]

    def __str__(self) -> str:
        named = ", ".join(self.exporters[:MOST_NAMED])
        more = len(self.exporters) - MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        return f"collector {self.collector} ({named}{rest})"


@dataclass(slots=True)
class _Told:
    """The two newest windows in which a collector told of an exporter."""

    newest: int = _NEVER
    before: int = _NEVER

    def add(self, start: int) -> None:
        self.newest, self.before = sorted({start, self.newest, self.before, _NEVER})[::-1][:2]


@dataclass(slots=True)
class _Exporter:
    """Who told of one exporter, and since when; `common` counts windows in which two did."""

    node: NodeName
    first: int
    by: dict[str, _Told] = field(default_factory=dict)
    common: dict[frozenset[str], int] = field(default_factory=dict)

    def add(self, collector: str, start: int) -> None:
        told = self.by.setdefault(collector, _Told())
        self.first = min(self.first, start)
        if start == told.newest or start <= told.before:
            return  # Known, or older than what is kept, so that it could be known.
        told.add(start)
        for other, each in self.by.items():
            if other != collector and start in (each.newest, each.before):
                both = frozenset((collector, other))
                self.common[both] = self.common.get(both, 0) + 1

    def went_on(self, collector: str, start: int) -> bool:
        """Whether another collector tells of it since before a window, and did not all along."""
        last = self.by[collector].newest
        return any(
            any(last < at < start for at in (told.newest, told.before))
            for other, told in self.by.items()
            if other != collector
            and self.common.get(frozenset((collector, other)), 0) < SPREADS_FROM
        )

    def name(self, address: Address) -> str:
        return f"node {self.node}" if self.node else f"exporter {address_text(address)}"


class Attendances:
    """Which exporters which collectors told of, window after window."""

    def __init__(self, expected_seconds: int) -> None:
        self._expected_seconds = expected_seconds
        self._exporters: OrderedDict[Address, _Exporter] = OrderedDict()

    def told(
        self, collector: str, exporters: Mapping[Address, NodeName], start_seconds: int
    ) -> None:
        """Notes of whom a collector told in a window; each with its node, "" where it is none."""
        for address in sorted(exporters):
            node = exporters[address]
            exporter = self._exporters.setdefault(address, _Exporter(node, start_seconds))
            self._exporters.move_to_end(address)
            exporter.node = node or exporter.node
            exporter.add(collector, start_seconds)
        while len(self._exporters) > MOST_EXPORTERS:
            self._exporters.popitem(last=False)

    def missing(
        self, collectors: Iterable[str], start_seconds: int, nodes: Collection[NodeName]
    ) -> tuple[Missing, ...]:
        """Of collectors that did not tell of a window those that somebody is missing with."""
        found = ((name, self._only_by(name, start_seconds, nodes)) for name in sorted(collectors))
        return tuple(Missing(name, exporters) for name, exporters in found if exporters)

    def nodes_by(self, collectors: Iterable[str], start_seconds: int) -> frozenset[NodeName]:
        """The nodes that only these collectors told of around a window, whoever is in it now."""
        names = set(collectors)
        return frozenset(
            exporter.node
            for exporter in self._exporters.values()
            if exporter.node
            for name in names & exporter.by.keys()
            if self._is_only_by(name, exporter, start_seconds)
        )

    def untold(self, start_seconds: int, nodes: Collection[NodeName]) -> tuple[str, ...]:
        """Of these nodes those that no collector has told of since before a window."""
        told = {each.node for each in self._exporters.values() if each.first < start_seconds}
        return tuple(f"node {node}" for node in sorted(set(nodes) - told))

    def forget(self, collector: str) -> None:
        """Lets go of a collector that nobody expects any more."""
        for exporter in self._exporters.values():
            exporter.by.pop(collector, None)
            exporter.common = {k: n for k, n in exporter.common.items() if collector not in k}

    def _only_by(self, collector: str, start: int, nodes: Collection[NodeName]) -> tuple[str, ...]:
        return tuple(
            sorted(
                exporter.name(address)
                for address, exporter in self._exporters.items()
                if collector in exporter.by
                and not (exporter.node and exporter.node not in nodes)
                and self._is_only_by(collector, exporter, start)
            )
        )

    def _is_only_by(self, collector: str, exporter: _Exporter, start: int) -> bool:
        """Whether this one of those that told of it has to tell of it in a window, or nobody."""
        newest = exporter.by[collector].newest
        return start - newest <= self._expected_seconds and not exporter.went_on(collector, start)
