"""What the ledger takes and tells: entries from any source, and the balances of accounts.

An entry is one accepted record of one source (a Hubble line, a NetFlow record), with its ends
already named and its tier already decided from where both ends were at that time: nothing here is
looked up later, so a pod that moves or an address that is reused changes nothing that was counted.
A named tuple, like a flow, because one is made per record. Counts are whole numbers; what a source
does not tell is 0, and flow events are no connections, so they have a count of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from shorthaul.traffic.flows import EARLIEST_SECONDS, LATEST_SECONDS, NANOSECONDS
from shorthaul.units import Namespace, Tier, WorkloadRef

HOUR_SECONDS = 3600
HOUR_NANOSECONDS = HOUR_SECONDS * NANOSECONDS
EARLIEST_HOUR = EARLIEST_SECONDS // HOUR_SECONDS
LATEST_HOUR = LATEST_SECONDS // HOUR_SECONDS
COUNT_LIMIT = 1 << 63
"""Every count in the ledger stays below it; larger ones are refused, never rounded."""

UNATTRIBUTED = WorkloadRef(Namespace(""), "Unattributed", "unattributed")
"""The end of which nobody knows whose it was: shown like any other, never used for moves."""

UNKNOWN_TIER = "unknown"

Key = bytes
"""Sixteen bytes that no other record of the same hour has; b"" for none."""


class Part(StrEnum):
    """What balances may be told apart by."""

    SOURCE = "source"
    DESTINATION = "destination"
    TIER = "tier"
    HOUR = "hour"


PARTS: tuple[Part, ...] = tuple(Part)


class Entry(NamedTuple):
    """One record: who sent to whom across which tier (None: not known), and how much.

    `key` tells the record from all others of its hour, so that it counts once in whatever order,
    file or split it comes; b"" where the batch's positions do that.
    """

    time_nanoseconds: int
    source: WorkloadRef
    destination: WorkloadRef
    tier: Tier | None
    bytes: int = 0
    packets: int = 0
    connections: int = 0
    events: int = 0
    key: Key = b""


class Span(NamedTuple):
    """Positions in a stream, from `first` up to but without `after`."""

    first: int
    after: int


class Note(NamedTuple):
    """What whoever gives a batch needs to know of it when it is read again, and for how long.

    A note is forgotten when there is one whose time is later by more than it is kept.
    """

    content: bytes
    time_seconds: int
    kept_seconds: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one stream that are counted together, whole or not at all.

    A stream is whatever numbers its own records without ever counting back: an exporter since its
    last restart, a file that is only appended to. `span` says which of its positions these entries
    are; without one each entry needs a key. A note is kept with the span, if it is counted.
    `memories` are kept with the hours that they are of, if any entry is counted: what whoever gives
    batches needs to know when others of these hours come.
    """

    stream: str
    entries: Sequence[Entry]
    span: Span | None = None
    note: Note | None = None
    memories: Mapping[int, bytes] = field(default_factory=dict)


class Counts(NamedTuple):
    """How much; `records` is the number of entries that it was told in."""

    records: int = 0
    bytes: int = 0
    packets: int = 0
    connections: int = 0
    events: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """Both together, exactly."""
        return Counts(*(one + more for one, more in zip(self, other, strict=True)))


class Balance(NamedTuple):
    """What an account holds; a part that was not asked for is None.

    `hour` counts hours since the epoch; where hours are told apart, None stands for all those that
    are kept no longer by themselves.
    """

    hour: int | None
    source: WorkloadRef | None
    destination: WorkloadRef | None
    tier: str | None
    counts: Counts
