"""Bills transfers of bytes to the parties at both ends, and loses none.

A transfer is billed whole or not at all: its bytes cannot be told apart by time, so one whose
stretch of time touches a change of hands is ambiguous, not shared out by guess. One that has an
unknown end is unattributed, by its reason. Billed, unattributed and ambiguous are together what
came, in exact integers, and the order in which it came does not matter.

Only traffic to a Service's own address is an estimate: it is shared out evenly over the endpoints
that surely held their addresses all the while, and marked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

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

    Who has no times of a flow's own gives the longest stretch that it may have taken. `variance` is
    by how much sampling makes the bytes differ, in their square.
    """

    source: Address
    destination: Address
    first_milliseconds: int
    last_milliseconds: int
    bytes: int
    packets: int
    variance: int = 0


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
    variance: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.bytes + other.bytes,
            self.packets + other.packets,
            self.records + other.records,
            self.variance + other.variance,
        )


@dataclass(frozen=True, slots=True)
class Unbilled:
    """Traffic that is nobody's, for one reason, with the smallest example."""

    counts: Counts
    example: str

    def __add__(self, other: "Unbilled") -> "Unbilled":
        return Unbilled(self.counts + other.counts, min(self.example, other.example))


_Reason = TypeVar("_Reason", bound=str)


def leave(sums: dict[_Reason, Unbilled], reason: _Reason, each: Unbilled) -> None:
    """Adds to what was left for a reason."""
    known = sums.get(reason)
    sums[reason] = known + each if known else each


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
            leave(unbilled, reason, each)
        return Bill(rows, unbilled)


def bill(transfers: Iterable[Transfer], book: Book) -> Bill:
    """The bill of some transfers; linear in them."""
    sums = _Sums()
    for transfer in transfers:
        source, destination, first, last, size, packets, variance = transfer
        ends = book.who(source, first, last), book.who(destination, first, last)
        one, other = ends
        if isinstance(one, Unknown) or isinstance(other, Unknown):
            sums.leave(_reason(one, other), transfer)
        elif one.kind is Kind.SERVICE or other.kind is Kind.SERVICE:
            _share(transfer, one, other, book, sums)
        else:
            sums.add((one, other, False), (size, packets, 1, variance))
    return sums.bill()


_Key = tuple[Party, Party, bool]


class _Sums:
    """A bill in the making."""

    def __init__(self) -> None:
        self._rows: dict[_Key, list[int]] = {}
        self._unbilled: dict[Unknown, Unbilled] = {}

    def add(self, key: _Key, counts: tuple[int, int, int, int]) -> None:
        """Takes bytes, packets, records and the bytes' variance."""
        total = self._rows.get(key)
        if total is None:
            self._rows[key] = list(counts)
            return
        size, packets, records, variance = counts
        total[0] += size
        total[1] += packets
        total[2] += records
        total[3] += variance

    def leave(self, reason: Unknown, transfer: Transfer) -> None:
        example = f"{address_text(transfer.source)} → {address_text(transfer.destination)}"
        each = Unbilled(Counts(transfer.bytes, transfer.packets, 1), example)
        leave(self._unbilled, reason, each)

    def bill(self) -> Bill:
        rows = {Row(*key): Counts(*total) for key, total in self._rows.items()}
        return Bill(rows, self._unbilled)


def _reason(one: Answer, other: Answer) -> Unknown:
    """Why there is no party at both ends: a change of hands at either outdoes the rest."""
    if Unknown.AMBIGUOUS in (one, other):
        return Unknown.AMBIGUOUS
    return next(end for end in (one, other) if isinstance(end, Unknown))


def _share(transfer: Transfer, one: Party, other: Party, book: Book, sums: _Sums) -> None:
    """Shares out what a Service is an end of, evenly, so that the shares add up exactly."""
    keys = [
        (source, destination, True)
        for source in _behind(one, transfer, book)
        for destination in _behind(other, transfer, book)
    ]
    if not keys:
        sums.leave(Unknown.NO_ENDPOINT, transfer)
    for index, key in enumerate(keys):
        size, packets, records, variance = (
            whole * (index + 1) // len(keys) - whole * index // len(keys)
            for whole in (transfer.bytes, transfer.packets, 1, transfer.variance)
        )
        sums.add(key, (size, packets, records, variance))


def _behind(party: Party, transfer: Transfer, book: Book) -> tuple[Party, ...]:
    if party.kind is not Kind.SERVICE:
        return (party,)
    return book.endpoints(party, transfer.first_milliseconds, transfer.last_milliseconds)
