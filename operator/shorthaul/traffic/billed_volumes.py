"""What was metered of a window, as a Volume for the map and as entries for the ledger.

Of one window several parts may be metered, one per collector; together they are one Volume. The
ledger has who sent to whom, whoever was the client, across the tier between their nodes then, or
that of the named place outside; what
is nobody's is in it too, between nobody and nobody, so that its sums are those of what came.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shorthaul.traffic.addresses.bills import Counts, Row
from shorthaul.traffic.addresses.parties import Kind, Party, Unknown
from shorthaul.traffic.end_sums import EndSums, add
from shorthaul.traffic.entries import UNATTRIBUTED, Entry
from shorthaul.traffic.metering import Ground, Metered, ends_between, pod_of, workload_of
from shorthaul.traffic.volumes import Ends, Left, PodEnds, Sent, Volume, gathered
from shorthaul.units import Namespace, NodeName, PodRef, Tier, WorkloadRef

_Key = TypeVar("_Key", Ends, PodEnds)
TierOf = Callable[[NodeName, NodeName], Tier | None]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which window of the grid, whether all of it was told, and who has not told of it yet."""

    start_seconds: int
    seconds: int
    complete: bool = True
    missing: tuple[str, ...] = ()

    @property
    def end_milliseconds(self) -> int:
        """Where it ends."""
        return (self.start_seconds + self.seconds) * 1_000


def volume_of(parts: Sequence[Metered], ground: Ground, stretch: Stretch) -> Volume:
    """All parts of one window; what counts at no point is no traffic of its own and left out."""
    sums = _Sums(ground)
    for part in parts:
        for row, counts in part.forth.rows.items():
            sums.add(row.source, row.destination, _sent(counts, 0))
        for row, counts in part.back.rows.items():
            sums.add(row.destination, row.source, _sent(counts, 1))
    return Volume(
        stretch.start_seconds,
        stretch.seconds,
        edges=dict(sorted(sums.edges.items())),
        pairs=dict(sorted(sums.pairs.items())),
        owners=dict(sorted(sums.owners.items())),
        leftovers=gathered(left for part in parts for left in _leftovers(part)),
        complete=stretch.complete,
        missing=stretch.missing,
    )


def together(one: Volume, other: Volume) -> Volume:
    """Two parts of one window that were billed apart; it is whole when both are."""
    return Volume(
        one.start_seconds,
        one.seconds,
        edges=_added(one.edges, other.edges),
        pairs=_added(one.pairs, other.pairs),
        owners={**one.owners, **other.owners},
        ends=_both(one.ends, other.ends),
        leftovers=gathered((*one.leftovers, *other.leftovers)),
        complete=one.complete and other.complete,
        missing=tuple(sorted({*one.missing, *other.missing})),
    )


def entries_of(
    part: Metered, ground: Ground, time_nanoseconds: int, tier_of: TierOf
) -> Iterator[Entry]:
    """A part as entries of the ledger, at the time of its window."""
    for row, counts in sorted(part.bill.rows.items()):
        yield entry_of(row, counts, ground, time_nanoseconds, tier_of)
    lost = sum((each.counts for each in part.bill.unbilled.values()), Counts())
    if lost.records:
        yield Entry(time_nanoseconds, UNATTRIBUTED, UNATTRIBUTED, None, lost.bytes, lost.packets)


def entry_of(
    row: Row, counts: Counts, ground: Ground, time_nanoseconds: int, tier_of: TierOf
) -> Entry:
    """One row of a bill as an entry of the ledger."""
    return Entry(
        time_nanoseconds,
        account_of(row.source, ground),
        account_of(row.destination, ground),
        tier_between(row, ground, tier_of),
        counts.bytes,
        counts.packets,
    )


class _Sums:
    """Edges and pairs in the making."""

    def __init__(self, ground: Ground) -> None:
        self.edges: dict[Ends, Sent] = {}
        self.pairs: dict[PodEnds, Sent] = {}
        self.owners: dict[PodRef, WorkloadRef] = {}
        self._directory = ground.directory

    def add(self, client: Party, server: Party, sent: Sent) -> None:
        ends = ends_between(client, server, self._directory)
        if isinstance(ends, str):
            return
        _add(self.edges, ends, sent)
        if client.kind is server.kind is Kind.POD:
            pods = pod_of(client), pod_of(server)
            self.owners[pods[0]], self.owners[pods[1]] = ends
            _add(self.pairs, pods, sent)


def _sent(counts: Counts, way: int) -> Sent:
    ways = (counts.bytes, 0) if way == 0 else (0, counts.bytes)
    return Sent(*ways, counts.packets, variance=counts.variance)


def _leftovers(part: Metered) -> Iterator[Left]:
    for aside, each in part.aside.items():
        yield Left(aside, each.counts.bytes, each.counts.records, each.example)
    for unknown, each in part.bill.unbilled.items():
        what = "ambiguous" if unknown is Unknown.AMBIGUOUS else "unattributed"
        reason = f"{what}: {unknown}"
        yield Left(reason, each.counts.bytes, each.counts.records, each.example)


def _added(one: Mapping[_Key, Sent], other: Mapping[_Key, Sent]) -> dict[_Key, Sent]:
    sums = dict(one)
    for key, sent in other.items():
        _add(sums, key, sent)
    return dict(sorted(sums.items()))


def _add(sums: dict[_Key, Sent], key: _Key, sent: Sent) -> None:
    known = sums.get(key)
    sums[key] = known.plus(sent) if known else sent


def _both(one: Mapping[Ends, EndSums], other: Mapping[Ends, EndSums]) -> dict[Ends, EndSums]:
    sums = dict(one)
    for two, ends in other.items():
        add(sums, two, ends)
    return dict(sorted(sums.items()))


def account_of(party: Party, ground: Ground) -> WorkloadRef:
    """Who an account is of: a workload, or what never moves, by its kind."""
    found = workload_of(party, ground.directory)
    if not isinstance(found, str):
        return found
    if party.kind is Kind.POD:
        return UNATTRIBUTED
    return WorkloadRef(Namespace(party.namespace), party.kind.capitalize(), party.name)


def tier_between(row: Row, ground: Ground, tier_of: TierOf) -> Tier | None:
    """Across which tier a row went, or how far away its named place is; None where not known."""
    outside = {row.source.kind, row.destination.kind} - {Kind.POD, Kind.NODE}
    if outside == {Kind.ANCHOR} and row.source.kind is not row.destination.kind:
        tiers = ground.book.tiers
        return tiers.get(row.source) or tiers.get(row.destination)
    begin, end = ground.nodes.get(row.source), ground.nodes.get(row.destination)
    if begin is None or end is None:
        return None
    return Tier.HOST if begin == end else tier_of(begin, end)
