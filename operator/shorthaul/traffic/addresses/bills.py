"""Bills transfers of bytes to the parties at both ends, and loses none.

A transfer is billed whole or not at all: its bytes cannot be told apart by time, so one whose
stretch of time touches a change of hands is ambiguous, not shared out by guess. One that has an
unknown end is unattributed, by its reason. Billed, unattributed and ambiguous are together what
came, in exact integers, and the order in which it came does not matter.

Only traffic to a Service's own address is an estimate: it is shared out evenly over the endpoints
that surely held their addresses all the while, and marked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from shorthaul.traffic.addresses.books import Book
from shorthaul.traffic.addresses.parties import (
    Address,
    Answer,
    Kind,
    Party,
    Unknown,
    address_text,
)


class Transfer(NamedTuple):
    """What went one way between two addresses, from the first to the last millisecond.

    Who has no times of a flow's own gives the longest stretch that it may have taken.
    """

    source: Address
    destination: Address
    first_milliseconds: int
    last_milliseconds: int
    bytes: int
    packets: int


class Row(NamedTuple):
    """One way between two parties; `estimated` where a Service's endpoints were guessed."""

    source: Party
    destination: Party
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """Exact sums."""

    bytes: int = 0
    packets: int = 0
    records: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.bytes + other.bytes, self.packets + other.packets, self.records + other.records
        )


@dataclass(frozen=True, slots=True)
class Unbilled:
    """Traffic that is nobody's, for one reason, with the smallest example."""

    counts: Counts
    example: str

    def __add__(self, other: "Unbilled") -> "Unbilled":
        return Unbilled(self.counts + other.counts, min(self.example, other.example))


@dataclass(frozen=True, slots=True)
class Bill:
    """What was billed to whom, and what to nobody; bills of two sets of transfers add up."""

    rows: Mapping[Row, Counts] = field(default_factory=dict)
    unbilled: Mapping[Unknown, Unbilled] = field(default_factory=dict)

    @property
    def attributed(self) -> Counts:
        """What has a party at both ends."""
        return sum(self.rows.values(), Counts())

    @property
    def unattributed(self) -> Counts:
        """What has an unknown end."""
        others = (each for reason, each in self.unbilled.items() if reason != Unknown.AMBIGUOUS)
        return sum((each.counts for each in others), Counts())

    @property
    def ambiguous(self) -> Counts:
        """What has an end that may have changed hands meanwhile."""
        found = self.unbilled.get(Unknown.AMBIGUOUS)
        return found.counts if found else Counts()

    def __add__(self, other: "Bill") -> "Bill":
        rows = dict(self.rows)
        for row, counts in other.rows.items():
            rows[row] = rows.get(row, Counts()) + counts
        unbilled = dict(self.unbilled)
        for reason, each in other.unbilled.items():
            known = unbilled.get(reason)
            unbilled[reason] = known + each if known else each
        return Bill(rows, unbilled)


def bill(transfers: Iterable[Transfer], book: Book) -> Bill:
    """The bill of some transfers; linear in them."""
    sums: dict[Row, list[int]] = {}
    unbilled: dict[Unknown, Unbilled] = {}
    for transfer in transfers:
        parties = _parties(transfer, book)
        if isinstance(parties, Unknown):
            each = Unbilled(Counts(transfer.bytes, transfer.packets, 1), _example(transfer))
            known = unbilled.get(parties)
            unbilled[parties] = known + each if known else each
            continue
        for row, size, packets, records in _shares(transfer, *parties, book):
            total = sums.setdefault(row, [0, 0, 0])
            total[0] += size
            total[1] += packets
            total[2] += records
    return Bill({row: Counts(*total) for row, total in sums.items()}, unbilled)


def _parties(transfer: Transfer, book: Book) -> tuple[Party, Party] | Unknown:
    source, destination, first, last, _, _ = transfer
    ends = book.who(source, first, last), book.who(destination, first, last)
    for end in ends:
        if end is Unknown.AMBIGUOUS:
            return end
    return _known(*ends, transfer, book)


def _known(
    source: Answer, destination: Answer, transfer: Transfer, book: Book
) -> tuple[Party, Party] | Unknown:
    if isinstance(source, Unknown):
        return source
    if isinstance(destination, Unknown):
        return destination
    for party in (source, destination):
        if party.kind is Kind.SERVICE and not _behind(party, transfer, book):
            return Unknown.NO_ENDPOINT
    return source, destination


def _behind(party: Party, transfer: Transfer, book: Book) -> tuple[Party, ...]:
    if party.kind is not Kind.SERVICE:
        return (party,)
    return book.endpoints(party, transfer.first_milliseconds, transfer.last_milliseconds)


def _shares(
    transfer: Transfer, source: Party, destination: Party, book: Book
) -> Iterator[tuple[Row, int, int, int]]:
    """The rows that a transfer counts for; even shares that add up to it exactly."""
    estimated = Kind.SERVICE in (source.kind, destination.kind)
    if not estimated:
        yield Row(source, destination), transfer.bytes, transfer.packets, 1
        return
    rows = [
        Row(one, other, True)
        for one in _behind(source, transfer, book)
        for other in _behind(destination, transfer, book)
    ]
    for index, row in enumerate(rows):
        size, packets, records = (
            whole * (index + 1) // len(rows) - whole * index // len(rows)
            for whole in (transfer.bytes, transfer.packets, 1)
        )
        yield row, size, packets, records


def _example(transfer: Transfer) -> str:
    return f"{address_text(transfer.source)} → {address_text(transfer.destination)}"
