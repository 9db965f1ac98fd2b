"""One connection, one count: the same bytes are seen at many places and by several sources.

A connection between two nodes passes the sender's interface, both nodes, perhaps a proxy and
switches between, and each of them may be told by each source. Nothing of that is added up:

1. What one point tells of one connection in a window is the sum of its records. Points of one node
   (interfaces, tunnels) see the same bytes: the largest count is the node's.
2. Of several nodes the receiver's counts, as with Hubble, whose observers see what arrived; then
   the sender's; then the largest along the way. A node that lost records is believed only when
   no other has seen the connection.
3. Connections add up. A source that does not tell connections apart has one per pair.
4. Of several sources of one unit the one that saw most counts: by the share of nodes it hears times
   the share of records it kept, then by name. Units are never mixed.

Both ends agree when what the sender's and the receiver's nodes told differs by no more than the
tolerance of the larger. Only whole numbers are compared and added, in any order.

Only rules 1 and 2 have a caller yet (`counting_point`, for `passages`). `reconcile`, with rules 3
and 4, what ends agree on and nodes that lost records, waits for several sources of records at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from shorthaul.traffic.addresses.parties import Party
from shorthaul.units import NodeName, Unit


class Report(NamedTuple):
    """What one source tells that one point saw of one way of a connection in a window.

    `connection` is "" where the source tells none apart, `node` is "" for a device on the way.
    """

    source: str
    unit: Unit
    sender: Party
    receiver: Party
    connection: str
    node: NodeName
    point: str
    amount: int


@dataclass(frozen=True, slots=True)
class SourceState:
    """How far a source could see in a window, and the nodes whose records it knows are lacking."""

    coverage: float = 1.0
    lost_share: float = 0.0
    newest_milliseconds: int = 0
    lossy: frozenset[NodeName] = frozenset()

    @property
    def seen_share(self) -> float:
        """The share of all traffic that it may have told of."""
        return self.coverage * (1 - self.lost_share)


class Agreement(StrEnum):
    """Whether both ends' nodes tell the same of one way between two parties."""

    BOTH = "both ends agree"
    DIFFER = "both ends differ"
    ONE = "one end only"
    NEITHER = "seen on the way only"


@dataclass(frozen=True, slots=True)
class SourceCount:
    """What one source tells of one way, once."""

    source: str
    unit: Unit
    amount: int
    agreement: Agreement
    state: SourceState


@dataclass(frozen=True, slots=True)
class WayCount:
    """What counts of one way between two parties in a window.

    `counts` are those of all sources, the chosen one first; `sources_agree` is None where only one
    source has told of it.
    """

    sender: Party
    receiver: Party
    counts: tuple[SourceCount, ...]
    sources_agree: bool | None = None

    @property
    def chosen(self) -> SourceCount:
        """The source that counts."""
        return self.counts[0]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where parties are, how each source did, and by how much ends may differ."""

    nodes: Mapping[Party, NodeName]
    sources: Mapping[str, SourceState]
    tolerance: float = 0.05


def reconcile(reports: Iterable[Report], unit: Unit, ground: Ground) -> tuple[WayCount, ...]:
    """Every way that was told of in a unit, counted once, sorted; linear in the reports."""
    by_way: dict[tuple[Party, Party], dict[str, _Told]] = {}
    for report in reports:
        if report.unit is unit:
            sources = by_way.setdefault((report.sender, report.receiver), {})
            sources.setdefault(report.source, {}).setdefault(report.connection, {}).setdefault(
                report.node, {}
            ).setdefault(report.point, []).append(report.amount)
    return tuple(_way(*ends, told, unit, ground) for ends, told in sorted(by_way.items()))


class _Ordered(Protocol):
    """What can be sorted."""

    def __lt__(self, other: Any, /) -> bool:
        """Whether this comes before the other."""
        ...


_Point = TypeVar("_Point", bound=_Ordered)


def counting_point(
    seen: Mapping[NodeName, Mapping[_Point, int]],
    sender: NodeName | None,
    receiver: NodeName | None,
) -> tuple[NodeName, _Point]:
    """The node and its point whose count of a connection stands for all of them (rules 1 and 2)."""
    sums = {node: max(points.values()) for node, points in seen.items()}
    node = _counting_node(sums, (sender, receiver), frozenset())
    points = seen[node]
    return node, max(sorted(points), key=points.__getitem__)


_Told = dict[str, dict[NodeName, dict[str, list[int]]]]


def _way(
    sender: Party, receiver: Party, told: Mapping[str, _Told], unit: Unit, ground: Ground
) -> WayCount:
    ends = ground.nodes.get(sender), ground.nodes.get(receiver)
    counts = []
    for source, connections in told.items():
        state = ground.sources.get(source, SourceState())
        nodes = [_of_nodes(points) for points in connections.values()]
        amount = sum(_amount(seen, ends, state.lossy) for seen in nodes)
        counts.append(SourceCount(source, unit, amount, _agreement(nodes, ends, ground), state))
    counts.sort(key=lambda count: (-count.state.seen_share, count.source))
    others = [_near(counts[0].amount, count.amount, ground.tolerance) for count in counts[1:]]
    return WayCount(sender, receiver, tuple(counts), all(others) if others else None)


_Ends = tuple[NodeName | None, NodeName | None]


def _of_nodes(points: Mapping[NodeName, Mapping[str, list[int]]]) -> dict[NodeName, int]:
    """Each node's count of a connection; devices on the way, that have no node, are one."""
    return {node: max(map(sum, at.values())) for node, at in points.items()}


def _amount(seen: Mapping[NodeName, int], ends: _Ends, lossy: frozenset[NodeName]) -> int:
    return seen[_counting_node(seen, ends, lossy)]


def _counting_node(
    seen: Mapping[NodeName, int], ends: _Ends, lossy: frozenset[NodeName]
) -> NodeName:
    sender, receiver = ends
    whole = {node: amount for node, amount in seen.items() if node not in lossy}
    for node in (receiver, sender):
        if node is not None and node in whole:
            return node
    return max(sorted(whole or seen), key=seen.__getitem__)


def _agreement(nodes: Iterable[Mapping[NodeName, int]], ends: _Ends, ground: Ground) -> Agreement:
    """Compares the two ends' sums over all connections; one node is both of its ends."""
    sums: dict[NodeName, int] = {}
    for seen in nodes:
        for node, amount in seen.items():
            sums[node] = sums.get(node, 0) + amount
    there = [sums[node] for node in ends if node is not None and node in sums]
    if len(there) < 2:
        return Agreement.ONE if there else Agreement.NEITHER
    return Agreement.BOTH if _near(there[0], there[1], ground.tolerance) else Agreement.DIFFER


def _near(one: int, other: int, tolerance: float) -> bool:
    return abs(one - other) <= tolerance * max(one, other)
